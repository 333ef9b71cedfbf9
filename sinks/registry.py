"""The sinks by name; adding one is its module and one line here."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from schemas.errors import Fatal
from sinks.base import Sink

SINKS: Mapping[str, str] = MappingProxyType({"clickhouse": "sinks.clickhouse.sink:create"})
"""Name to `module:function`; imported only when that sink runs, so that its libraries may be missing otherwise."""


def create(name: str) -> Callable[[], Sink]:
    """What builds the sink of that name from its settings; raises Fatal if there is none."""
    try:
        module, function = SINKS[name].split(":")
    except KeyError:
        raise Fatal(f"no sink {name!r}; there are: {', '.join(SINKS)}") from None
    build: Callable[[], Sink] = getattr(import_module(module), function)
    return build
