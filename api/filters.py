"""Filters: which events of which live topics a client asked for, decided on the decoded record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ALL_PLATFORMS = "all"
"""As a platform: any mention; of trends, the windows summed over all platforms."""

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filter:
    """Values of one parameter are alternatives, parameters must all hold; an empty parameter does not restrict.

    A parameter that is not meant for a topic does not restrict that topic: `sentiment`, `language` are of mentions,
    `window`, `kind` and `min_score` of trends, `rule`, `alert`, `severity` of alerts, `min_copies` of stories; of topics there is `text` alone. `text`, which is in lower case, must stand in
    a mention's title or text, in an alert's explanation, in a story's excerpt, in a topic's label or terms, or in a trend's subject, in whatever case. A trend or an
    alert has one subject, so there `keyword` and `symbol` are alternatives. A story is of every platform that one of its posts is on. An alert that belongs to somebody is shown
    to `owner` alone, where that is his name.
    """

    topics: tuple[str, ...]
    keyword: frozenset[str] = _NONE
    platform: frozenset[str] = _NONE
    sentiment: frozenset[str] = _NONE
    symbol: frozenset[str] = _NONE
    language: frozenset[str] = _NONE
    window: frozenset[str] = _NONE
    kind: frozenset[str] = _NONE
    rule: frozenset[str] = _NONE
    alert: frozenset[str] = _NONE
    severity: frozenset[str] = _NONE
    min_score: float | None = None
    text: str = ""
    owner: str | None = None
    min_copies: int = 0

    def matches(self, topic: str, record: Mapping[str, Any]) -> bool:
        """Whether the client asked for this event."""
        if topic not in self.topics:
            return False
        if topic == "mentions":
            return self._mention(record)
        if topic == "trends":
            return self._trend(record)
        if topic == "stories":
            return self._story(record)
        if topic == "topics":
            return not self.text or any(map(self._reads, (record["label"], *record["terms"])))
        return self._alert(record)

    def _mention(self, record: Mapping[str, Any]) -> bool:
        return (
            (not self.platform or record["platform"] in self.platform or ALL_PLATFORMS in self.platform)
            and (not self.sentiment or record["sentiment"] in self.sentiment)
            and (not self.language or record["language"] in self.language)
            and (not self.keyword or not self.keyword.isdisjoint(record["keywords"]))
            and (not self.symbol or not self.symbol.isdisjoint(record["symbols"]))
            and (not self.text or self._reads(record["text"]) or self._reads(record["title"]))
        )

    def _trend(self, record: Mapping[str, Any]) -> bool:
        return (
            (not self.window or record["window"] in self.window)
            and (not self.kind or record["subject_kind"] in self.kind)
            and (not self.platform or (record["platform"] or ALL_PLATFORMS) in self.platform)
            and self._subject(record["subject_kind"], record["subject"])
            and (self.min_score is None or record["score"] >= self.min_score)
            and (not self.text or self._reads(record["subject"]))
        )

    def _alert(self, record: Mapping[str, Any]) -> bool:
        kind, _, value = record["subject"].partition(":")
        return (
            (record["owner"] is None or record["owner"] == self.owner)
            and (not self.rule or record["rule_id"] in self.rule)
            and (not self.alert or record["kind"] in self.alert)
            and (not self.severity or record["severity"] in self.severity)
            and (not self.platform or record["platform"] in self.platform or ALL_PLATFORMS in self.platform)
            and self._subject(kind, value)
            and (not self.text or self._reads(record["explanation"]))
        )

    def _story(self, record: Mapping[str, Any]) -> bool:
        return (
            record["copies"] >= self.min_copies
            and (
                not self.platform
                or ALL_PLATFORMS in self.platform
                or not self.platform.isdisjoint(platforms_of(record))
            )
            and (not self.keyword or any(f"keyword:{one}" in record["subjects"] for one in self.keyword))
            and (not self.symbol or any(f"symbol:{one}" in record["subjects"] for one in self.symbol))
            and (not self.text or self._reads(record["excerpt"]))
        )

    def _reads(self, text: str | None) -> bool:
        return text is not None and self.text in text.lower()

    def _subject(self, kind: str, subject: str) -> bool:
        if not self.keyword and not self.symbol:
            return True
        return (kind == "keyword" and subject in self.keyword) or (
            kind == "symbol" and subject in self.symbol
        )


def platforms_of(story: Mapping[str, Any]) -> set[str]:
    """The platforms that posts of a story are on."""
    return {source.partition("/")[0] for source in story["sources"]}
