"""A stage on trial: what it is told, and how its outputs are compared with those of a run that nothing disturbs."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Read = Callable[[str], list[dict[str, Any]]]
"""The committed records of a topic, decoded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One stage on trial: the keyed records of its input `topic`, what other topics hold before, and `compare`, which names what differs."""

    stage: str
    topic: str
    told: Sequence[tuple[str, Mapping[str, Any]]]
    compare: Callable[[Read], Iterator[str]]
    settings: Mapping[str, object] = field(default_factory=dict)
    before: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]] = field(default_factory=dict)


def by(records: Iterable[Mapping[str, Any]], key: str) -> dict[Any, Mapping[str, Any]]:
    """Records by a field; of several the last."""
    return {one[key]: one for one in records}


def latest(records: Iterable[Mapping[str, Any]], key: str) -> dict[Any, Mapping[str, Any]]:
    """The highest revision by key."""
    return by(sorted(records, key=lambda one: one["revision"]), key)


def twice(topic: str, records: Sequence[Mapping[str, Any]], *fields: str) -> Iterator[str]:
    """What is there twice, by these fields."""
    seen = Counter(tuple(one[name] for name in fields) for one in records)
    if extra := len(records) - len(seen):
        yield f"{topic}: {extra} twice, {seen.most_common(1)}"


def differing(topic: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterator[str]:
    """What is not as expected; nothing expected is no test."""
    other = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    if other or not expected:
        missing = len(expected.keys() - found.keys())
        shown = [(key, found.get(key), expected.get(key)) for key in other[:1]]
        yield f"{topic}: {len(other)} of {len(expected)} differ, {missing} of them missing, {shown}"
