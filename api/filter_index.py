"""An index of filters: which of them an event could match, without asking those that it cannot."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from api.filters import ALL_PLATFORMS, Filter, platforms_of

_Key = tuple[str, str]
Held = TypeVar("Held", bound=Hashable)


class FilterIndex(Generic[Held]):
    """Things by the filter they were added with.

    Each stands, for each of its topics, under the values of the one parameter that excludes most; a filter that
    restricts nothing of a topic stands under no value. So an event meets those filters that share a value with it, and whoever
    asked for other values costs it nothing. What it meets is still asked (`Filter.matches`).
    """

    def __init__(self) -> None:
        self._open: dict[str, dict[Held, Filter]] = {}
        self._valued: dict[str, dict[_Key, dict[Held, Filter]]] = {}

    def add(self, one: Held, wanted: Filter) -> None:
        """Add it; what is there already is not added again."""
        for topic in wanted.topics:
            for place in self._places(topic, wanted):
                place[one] = wanted

    def discard(self, one: Held, wanted: Filter) -> None:
        """Take it out again; `wanted` is what it was added with."""
        for topic in wanted.topics:
            for place in self._places(topic, wanted):
                place.pop(one, None)
            valued = self._valued.get(topic, {})
            for key in handles(topic, wanted):
                if not valued.get(key, True):
                    del valued[key]

    def asked(self, topic: str) -> bool:
        """Whether any filter is of this topic: events that nobody asks for need not even be decoded."""
        return bool(self._open.get(topic) or self._valued.get(topic))

    def matching(self, topic: str, event: Mapping[str, Any]) -> Iterator[Held]:
        """Everything whose filter matches the event, each once."""
        for one, wanted in self._open.get(topic, {}).items():
            if wanted.matches(topic, event):
                yield one
        valued = self._valued.get(topic)
        if not valued:
            return
        seen: set[Held] = set()
        for key in _values(topic, event):
            for one, wanted in valued.get(key, {}).items():
                if one not in seen and wanted.matches(topic, event):
                    seen.add(one)
                    yield one

    def _places(self, topic: str, wanted: Filter) -> list[dict[Held, Filter]]:
        keys = handles(topic, wanted)
        if not keys:
            return [self._open.setdefault(topic, {})]
        valued = self._valued.setdefault(topic, {})
        return [valued.setdefault(key, {}) for key in keys]


def handles(topic: str, wanted: Filter) -> list[_Key]:
    """The values under which a filter stands for a topic; none where every event of the topic has to be asked."""
    if topic == "topics":
        return []
    subjects = [("keyword", one) for one in wanted.keyword] + [("symbol", one) for one in wanted.symbol]
    if topic in ("mentions", "stories"):
        # Both must hold there, so either excludes what the other does not; a keyword is the rarer.
        subjects = [one for one in subjects if one[0] == ("keyword" if wanted.keyword else "symbol")]
    if subjects:
        return subjects
    for name, values in _narrowing(topic, wanted):
        if values:
            return [(name, value) for value in values]
    return []


def _narrowing(topic: str, wanted: Filter) -> Iterable[tuple[str, frozenset[str]]]:
    """What else restricts a topic, the parameter that leaves least first."""
    if topic == "mentions":
        return (
            ("language", wanted.language),
            ("platform", _NONE if ALL_PLATFORMS in wanted.platform else wanted.platform),
            ("sentiment", wanted.sentiment),
        )
    if topic == "stories":
        return (("platform", _NONE if ALL_PLATFORMS in wanted.platform else wanted.platform),)
    if topic == "trends":
        return (("kind", wanted.kind), ("platform", wanted.platform), ("window", wanted.window))
    return (("rule", wanted.rule), ("alert", wanted.alert), ("severity", wanted.severity))


def _values(topic: str, event: Mapping[str, Any]) -> Iterator[_Key]:
    """Every value of an event under which a filter may stand."""
    if topic == "mentions":
        yield from (("keyword", one) for one in event["keywords"])
        yield from (("symbol", one) for one in event["symbols"])
        yield from ((name, event[name]) for name in ("language", "platform", "sentiment"))
    elif topic == "trends":
        yield event["subject_kind"], event["subject"]
        yield "kind", event["subject_kind"]
        yield "platform", event["platform"] or ALL_PLATFORMS
        yield "window", event["window"]
    elif topic == "stories":
        for one in event["subjects"]:
            kind, _, subject = one.partition(":")
            yield kind, subject
        yield from (("platform", one) for one in platforms_of(event))
    elif topic == "alerts":
        kind, _, subject = event["subject"].partition(":")
        yield kind, subject
        yield from (("rule", event["rule_id"]), ("alert", event["kind"]), ("severity", event["severity"]))


_NONE: frozenset[str] = frozenset()
