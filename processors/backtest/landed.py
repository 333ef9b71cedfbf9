"""The history a rule asks for, read from ClickHouse over HTTP as its reader, in the order in which it was written."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import httpx

from processors.logic.alerts.rules import EVERY
from schemas import tables
from schemas.errors import Fatal, Retryable
from schemas.events import Bar, Millis, Rule, Run, Topic, Trend
from schemas.settings import ClickHouseReaderSettings

_TIMEOUT = httpx.Timeout(10, read=600)
_SPAN = (
    "toUnixTimestamp64Milli(start) AS start_ms, toUnixTimestamp64Milli(end) AS end_ms, "
    "toUnixTimestamp64Milli(computed_at) AS computed_ms"
)
_OF_TREND = "concat(subject_kind, ':', subject)"
_OF_BAR = "concat('symbol:', symbol)"
_OF_TOPIC = "concat('topic:', id)"
_OF_RUN = "concat('source:', collector, '/', source)"
_COUNTS = (
    "revision",
    "mentions",
    "copies",
    "authors",
    "positive",
    "negative",
    "neutral",
    "engagement",
    "learnt",
    "least",
    "weight",
    "late",
)
_FIGURES = ("velocity", "score", "display_score", "baseline")
_MEASURES = ("expected", "spread")
_WITHIN = (
    "start >= fromUnixTimestamp64Milli({since:Int64}) AND start < fromUnixTimestamp64Milli({until:Int64})"
)
_WRITTEN = "ORDER BY kafka_partition, kafka_offset FORMAT JSONEachRow"


class Landed:
    """Reads all revisions of what begins in [since, until); raises Fatal where ClickHouse refuses, Retryable where it is not there."""

    def __init__(self, settings: ClickHouseReaderSettings) -> None:
        self._settings = settings

    def trends(self, rule: Rule, since: Millis, until: Millis) -> Iterator[tuple[str, Trend]]:
        """Windows of the rule's kind and platform of what it watches, each with its subject."""
        sql = (
            f"SELECT id, subject_kind, subject, platform, window, {', '.join((*_COUNTS, *_FIGURES, *_MEASURES))}, terms, sources, samples, "
            f"closed, {_SPAN} FROM {tables.TRENDS} WHERE window = {{window:String}} AND platform = {{platform:String}} "
            f"AND {_matches(rule, _OF_TREND)} AND {_WITHIN} {_WRITTEN}"
        )
        for row in self._rows(sql, _asked(rule, since, until)):
            trend = {
                **_timed(row),
                **{name: int(row[name]) for name in _COUNTS},
                **{name: float(row[name]) for name in _FIGURES},
                **{name: [float(number) for number in row[name]] for name in _MEASURES},
                "terms": {word: int(count) for word, count in row["terms"].items()},
                "sources": {source: int(count) for source, count in row["sources"].items()},
                "closed": bool(row["closed"]),
            }
            yield f"{row['subject_kind']}:{row['subject']}", cast("Trend", trend)

    def bars(self, rule: Rule, since: Millis, until: Millis) -> Iterator[Bar]:
        """Bars of the rule's kind of the symbols it watches."""
        sql = (
            f"SELECT id, symbol, interval, revision, close, closed, indicators, {_SPAN} FROM {tables.BARS} "
            f"WHERE interval = {{window:String}} AND {_matches(rule, _OF_BAR)} "
            f"AND {_WITHIN} {_WRITTEN}"
        )
        for row in self._rows(sql, _asked(rule, since, until)):
            bar = {
                **_timed(row),
                "revision": int(row["revision"]),
                "close": float(row["close"]),
                "closed": bool(row["closed"]),
                "indicators": {name: float(value) for name, value in row["indicators"].items()},
            }
            yield cast("Bar", bar)

    def topics(self, rule: Rule, since: Millis, until: Millis) -> Iterator[Topic]:
        """Revisions of the topics that the rule watches, of posts that were first seen in [since, until)."""
        sql = (
            "SELECT id, label, mentions, stories, words, trending_score, sample_ids, merged_into, "
            "toUnixTimestamp64Milli(first_seen) AS first_ms, toUnixTimestamp64Milli(last_seen) AS last_ms "
            f"FROM {tables.TOPICS} WHERE {_matches(rule, _OF_TOPIC)} "
            "AND first_seen >= fromUnixTimestamp64Milli({since:Int64}) AND first_seen < fromUnixTimestamp64Milli({until:Int64}) "
            f"{_WRITTEN}"
        )
        for row in self._rows(sql, _asked(rule, since, until)):
            topic = {
                **row,
                "mentions": int(row["mentions"]),
                "stories": int(row["stories"]),
                "words": {word: int(count) for word, count in row["words"].items()},
                "trending_score": float(row["trending_score"]),
                "first_seen": int(row["first_ms"]),
                "last_seen": int(row["last_ms"]),
            }
            yield cast("Topic", topic)

    def runs(self, rule: Rule, since: Millis, until: Millis) -> Iterator[Run]:
        """Runs of the sources that the rule watches, in the order in which they ended."""
        sql = (
            "SELECT collector, source, toUnixTimestamp64Milli(ended_at) AS ended_ms, outcome, published, error "
            f"FROM {tables.RUNS} WHERE {_matches(rule, _OF_RUN)} "
            "AND ended_at >= fromUnixTimestamp64Milli({since:Int64}) AND ended_at < fromUnixTimestamp64Milli({until:Int64}) "
            "ORDER BY ended_at, kafka_partition, kafka_offset FORMAT JSONEachRow"
        )
        for row in self._rows(sql, _asked(rule, since, until)):
            run = {**row, "ended_at": int(row["ended_ms"]), "published": int(row["published"])}
            yield cast("Run", run)

    def _rows(self, sql: str, parameters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        settings = self._settings
        headers = {
            "X-ClickHouse-User": settings.clickhouse_reader_user,
            "X-ClickHouse-Key": settings.clickhouse_reader_password.get_secret_value(),
            "X-ClickHouse-Database": settings.clickhouse_database,
        }
        asked = {"database": settings.clickhouse_database, **parameters}
        try:
            with httpx.stream(
                "POST",
                settings.clickhouse_url,
                params=asked,
                headers=headers,
                content=sql.encode(),
                timeout=_TIMEOUT,
            ) as response:
                if response.is_error or "X-ClickHouse-Exception-Code" in response.headers:
                    response.read()
                    raise Fatal(response.text.strip() or f"ClickHouse answered {response.status_code}")
                for line in response.iter_lines():
                    if line:
                        yield json.loads(line)
        except httpx.TransportError as error:
            raise Retryable(f"ClickHouse at {settings.clickhouse_url} does not answer: {error}") from error
        except json.JSONDecodeError as error:
            # It reports what goes wrong in the midst of an answer as text after the rows.
            raise Fatal(f"ClickHouse broke off its answer: {error.doc}") from error


def _matches(rule: Rule, subject: str) -> str:
    return (
        f"startsWith({subject}, {{subject:String}})"
        if rule["subject"].endswith(EVERY)
        else f"{subject} = {{subject:String}}"
    )


def _asked(rule: Rule, since: Millis, until: Millis) -> dict[str, str]:
    asked = {
        "subject": rule["subject"].removesuffix(EVERY),
        "platform": rule["platform"],
        "window": rule["window"],
        "since": str(since),
        "until": str(until),
    }
    return {f"param_{name}": value for name, value in asked.items()}


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "start": int(row["start_ms"]),
        "end": int(row["end_ms"]),
        "computed_at": int(row["computed_ms"]),
    }
