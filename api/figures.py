"""The dashboard's figures: how each is made of counted rows, and the table of those that can be explained."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from api.periods import Buckets
from api.queries import dashboard as query
from api.queries.dashboard import SENTIMENTS, Counts

Rows = Sequence[Mapping[str, Any]]


def series(
    cut: Buckets,
    counts: Mapping[int, Counts],
    covered: AbstractSet[int],
    names: Collection[str] = ("mentions", *SENTIMENTS),
) -> list[dict[str, Any]]:
    """Every bucket with these of its counts."""
    return [
        {
            "start": start * 1000,
            "end": end * 1000,
            **_kept(names, _sentiments(counts.get(start), start in covered)),
        }
        for start, end in zip(cut.edges, cut.edges[1:], strict=False)
    ]


def total(counted: Mapping[Any, Counts]) -> Counts:
    """The counts of all together."""
    return {name: sum(counts[name] for counts in counted.values()) for name in SENTIMENTS}


def platforms(counted: Mapping[str, Counts]) -> list[dict[str, Any]]:
    """Platforms with their counts, the most mentioned first."""
    return [
        {"platform": name, "mentions": sum(counts.values()), **counts}
        for name, counts in sorted(counted.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    ]


def _sentiments(counts: Counts | None, covered: bool) -> dict[str, int | None]:
    """Counts of a bucket: 0 where covered, null where not."""
    if counts is None:
        nothing = 0 if covered else None
        return {"mentions": nothing, **dict.fromkeys(SENTIMENTS, nothing)}
    return {"mentions": sum(counts.values()), **counts}


def _kept(names: Iterable[str], counts: Mapping[str, int | None]) -> dict[str, int | None]:
    return {name: counts[name] for name in names}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the query that makes it, its value in the rows of that, and which origins are behind it.

    `of` is `now` or `before` (mentions of the period or of the one before it), `keywords` (those of the period with one
    of the keywords in the value), `runs` (of the period), `all` (every mention), or the name of a time: the mentions
    whose time is the value.
    """

    sql: str
    value: Callable[[Rows, Buckets, AbstractSet[int]], Any]
    of: str = "now"
    sentiment: str = ""
    by_bucket: bool = False


def _one(rows: Rows, *_: object) -> Any:
    (row,) = rows
    (value,) = row.values()
    return value


def _time(rows: Rows, *_: object) -> Any:
    return _one(rows) or None


def _total_of(rows: Rows, *_: object) -> Counts:
    return {**dict.fromkeys(SENTIMENTS, 0), **{row["sentiment"]: row["mentions"] for row in rows}}


def _platforms_of(rows: Rows, *_: object) -> list[dict[str, Any]]:
    return platforms(query.by("platform", rows))


def _keywords_of(rows: Rows, *_: object) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


def _buckets_of(*names: str) -> Callable[[Rows, Buckets, AbstractSet[int]], list[dict[str, Any]]]:
    def value(rows: Rows, cut: Buckets, covered: AbstractSet[int]) -> list[dict[str, Any]]:
        return series(cut, query.by("start", rows), covered, names)

    return value


_MENTIONS = f"SELECT sum(mentions) AS mentions FROM ({query.PLATFORMS})"  # noqa: S608 -- queries of our own
_BY_SENTIMENT = f"SELECT sentiment, sum(mentions) AS mentions FROM ({query.PLATFORMS}) GROUP BY sentiment ORDER BY sentiment"  # noqa: S608 -- same
_BUCKETS = f"SELECT start, sentiment, mentions FROM ({query.BUCKETS}) ORDER BY start, sentiment"  # noqa: S608 -- same


def _of_latest(column: str, name: str) -> str:
    return f"SELECT {column} AS {name} FROM ({query.LATEST})"  # noqa: S608 -- same


def _of_sentiment(name: str) -> str:
    return f"{_MENTIONS} WHERE sentiment = '{name}'"


FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        "stats.mentions": Figure(_MENTIONS, _one),
        "stats.previous_mentions": Figure(_MENTIONS, _one, "before"),
        "stats.sentiment": Figure(_BY_SENTIMENT, _total_of),
        **{
            f"stats.sentiment.{name}": Figure(_of_sentiment(name), _one, sentiment=name)
            for name in SENTIMENTS
        },
        "stats.previous_sentiment": Figure(_BY_SENTIMENT, _total_of, "before"),
        **{
            f"stats.previous_sentiment.{name}": Figure(_of_sentiment(name), _one, "before", sentiment=name)
            for name in SENTIMENTS
        },
        "stats.platforms": Figure(query.PLATFORMS, _platforms_of),
        "stats.keywords": Figure(query.KEYWORDS, _keywords_of, "keywords"),
        "stats.covered_buckets": Figure(
            f"SELECT count() AS covered_buckets FROM ({query.COVERED})",  # noqa: S608 -- same
            _one,
            "runs",
        ),
        "stats.all_mentions": Figure(_of_latest("rows", "all_mentions"), _one, "all"),
        "stats.newest_event_at": Figure(_of_latest("event_at", "newest_event_at"), _time, "event_at"),
        "stats.newest_landed_at": Figure(_of_latest("landed_at", "newest_landed_at"), _time, "landed_at"),
        "sentiment-trend": Figure(_BUCKETS, _buckets_of("mentions", *SENTIMENTS), by_bucket=True),
        **{
            f"sentiment-trend.{name}": Figure(_BUCKETS, _buckets_of(name), sentiment=name, by_bucket=True)
            for name in SENTIMENTS
        },
        "volume-trend": Figure(_BUCKETS, _buckets_of("mentions"), by_bucket=True),
    }
)
"""By name: the dashboard's answer and its field, and for counts by sentiment the sentiment."""
