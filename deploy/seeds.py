"""The table of what is seeded from TOML files: by topic, how a person writes it."""

from collections.abc import Mapping
from types import MappingProxyType

from deploy.control import Seed
from deploy.instruments import InstrumentSeed
from deploy.keywords import KeywordSeed
from deploy.rules import RuleSeed

SEEDS: Mapping[str, type[Seed]] = MappingProxyType(
    {"keywords": KeywordSeed, "instruments": InstrumentSeed, "rules": RuleSeed}
)
"""A topic's file is the setting `TOPIC_file`; its tables are called `[[TOPIC]]`."""
