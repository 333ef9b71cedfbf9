"""What is said of a source is said of every one, in one voice, and of settings that exist."""

import re
from pathlib import Path

import pytest

import producers.facts
from producers.facts.load import facts_of
from producers.registry import COLLECTORS
from producers.settings import ProducerSettings
from tests.contract.sources import PATH, sources

GUIDE = PATH.with_name("adding-a-source.md")
ROOT = PATH.parents[2]


def test_every_collector_has_its_facts_and_nobody_else() -> None:
    folder = Path(producers.facts.__path__[0])
    assert {path.stem for path in folder.glob("*.toml")} == set(COLLECTORS), "a file in producers/facts/ each"


def test_the_document_is_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == sources(), "run .venv/bin/python -m tests.contract.sources"


@pytest.mark.parametrize("name", sorted(COLLECTORS))
def test_settings_that_are_named_exist(name: str) -> None:
    for sentence in facts_of(name).told().values():
        for setting in re.findall(r"DENYUT_(\w+)", sentence):
            assert setting.lower() in ProducerSettings.model_fields, setting


def test_files_that_the_guide_names_exist() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:producers|tests|deploy)/[\w./]+)`", text))
    assert len(named) > 5
    missing = [one for one in named if "NAME" not in one and not (ROOT / one).exists()]
    assert not missing
