"""The targets of materialised views: after a replay, what a partition's share lacks is put back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog
from clickhouse_connect.driver.client import Client

from schemas.tables import AUTHOR_DAYS, HASHTAGS, MENTIONS, QUOTE_MINUTES, QUOTES, SENTIMENT_METRICS
from sinks.clickhouse import telemetry
from sinks.clickhouse.attach import attach_all, beside
from sinks.ranges import Range

log = structlog.get_logger()

_PLAIN = frozenset({"min", "max"})
"""Functions whose columns are SimpleAggregateFunction: the value is the state."""
_COUNTED = frozenset({"uniqExact"})
"""Functions whose states are written in no fixed order: they are compared by what they count."""


@dataclass(frozen=True, slots=True)
class Target:
    """A table that a materialised view fills.

    `keys` are its sorting key, kafka_partition left out; `sums` are the columns it adds up, `states` those it merges by
    an aggregate function to which the same value twice is nothing (min, max, argMin, argMax, uniqExact), by its name.
    `touched` names the keys by which the rows of a range are found again, `touched_of` the same as expressions over the
    source.
    """

    table: str
    view: str
    source: str
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    touched: str
    touched_of: str
    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


TARGETS = (
    Target(
        SENTIMENT_METRICS,
        "sentiment_metrics_from_mentions",
        MENTIONS,
        ("minute", "keyword", "platform", "sentiment", "collected_on"),
        ("mentions", "engagement"),
        "minute, collected_on",
        "toStartOfMinute(toDateTime(event_at, 'UTC')), toDate(collected_at)",
    ),
    Target(
        HASHTAGS,
        "hashtags_from_mentions",
        MENTIONS,
        ("hour", "hashtag", "platform", "collected_on"),
        ("mentions", "engagement", "positive", "negative"),
        "hour, collected_on",
        "toStartOfHour(toDateTime(event_at, 'UTC')), toDate(collected_at)",
    ),
    Target(
        AUTHOR_DAYS,
        "author_days_from_mentions",
        MENTIONS,
        ("day", "platform", "author", "collected_on"),
        ("mentions", "engagement", "views", "positive", "negative"),
        "day, collected_on",
        "toDate(event_at), toDate(collected_at)",
        MappingProxyType({"followers": "argMax", "handle": "argMax", "name": "argMax"}),
    ),
    Target(
        QUOTE_MINUTES,
        "quote_minutes_from_quotes",
        QUOTES,
        ("symbol", "minute", "collected_on"),
        (),
        "symbol, minute, collected_on",
        "symbol, toStartOfMinute(toDateTime(market_time, 'UTC')), toDate(collected_at)",
        MappingProxyType(
            {
                "open": "argMin",
                "high": "max",
                "low": "min",
                "close": "argMax",
                "day_volume": "max",
                "ticks": "uniqExact",
            }
        ),
    ),
)
"""Every materialised view; a test compares them with the migrations."""


def repair(client: Client, table: str, partition: int, cut: Range, fence: Callable[[], None]) -> None:
    """Put back what the targets of `table` lack of the keys (minutes, hours, days) that the range touches.

    ClickHouse notes the token of a block of the target before it puts the part in place, as it does for the source;
    a crash in between loses the block for good. Here the partition's rows of those keys go through the view's own query
    again, and what the target lacks goes in by ATTACH PARTITION: of a sum the difference, of a state the state itself,
    which may be there already in part and changes nothing then. Only this partition's share is compared: nobody else
    inserts it, and inserts of other partitions that are under way do not show. What a sum has too much (its source
    has expired, or was deleted by hand) is told in the log and left alone. `fence` must raise Retryable where the
    partition is no longer ours.
    """
    for target in TARGETS:
        if target.source == table:
            _repair(client, target, partition, cut, fence)


def _repair(client: Client, target: Target, partition: int, cut: Range, fence: Callable[[], None]) -> None:
    query = _differences(client, target)
    where = {"partition": partition, "start": cut.start, "end": cut.end}
    lacking, excess = client.query(
        f"SELECT countIf(lacks), countIf(exceeds) FROM ({query})",  # noqa: S608 -- names of ours
        parameters=where,
    ).result_rows[0]
    place = {"table": target.table, "partition": partition, "start": cut.start, "end": cut.end}
    if excess:
        log.error("target_exceeds_its_source", keys=int(excess), **place)
    if not lacking:
        return
    log.warning("lost_target_block_restored", keys=int(lacking), **place)
    with beside(client, target.table, partition) as aside:
        columns = ", ".join((*target.keys, "kafka_partition", *target.sums, *target.states))
        # Of several sums of a key one may exceed while another lacks: only what lacks goes in.
        sums = (f"greatest({name}, 0)" for name in target.sums)
        values = ", ".join((*target.keys, "kafka_partition", *sums, *target.states))
        client.command(
            f"INSERT INTO {aside} ({columns}) SELECT {values} FROM ({query}) WHERE lacks",  # noqa: S608 -- names of ours
            parameters=where,
        )
        fence()
        telemetry.RESTORED.labels(target.table).inc()
        attach_all(client, target.table, aside)


def _differences(client: Client, target: Target) -> str:
    """A query of every key where source and target differ: keys, kafka_partition, sums that are lacking, states of both.

    `lacks` and `exceeds` say on which side something is missing.
    """
    select = client.query(
        "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {view:String}",
        parameters={"view": target.view},
    ).result_rows[0][0]
    keys = ", ".join((*target.keys, "kafka_partition"))
    states = "".join(f", {name}" for name in target.states)
    plus = "".join(f", toInt64({name}) AS {name}" for name in target.sums) + states
    minus = "".join(f", -toInt64({name}) AS {name}" for name in target.sums) + states
    totals = "".join(f", sum(d.{name}) AS {name}" for name in target.sums)
    merged = "".join(f", {_state(name, function)} AS {name}" for name, function in target.states.items())
    lacks = [f"{name} > 0" for name in target.sums] + [
        f"{_shown(name, function)} != {_shown(name, function, 'If', ', d.landed')}"
        for name, function in target.states.items()
    ]
    exceeds = [f"{name} < 0" for name in target.sums] or ["0"]
    share = (
        f"kafka_partition = {{partition:Int32}} AND ({target.touched}) IN (SELECT DISTINCT {target.touched_of} "  # noqa: S608 -- names of ours
        f"FROM {target.source} WHERE kafka_partition = {{partition:Int32}} "
        "AND kafka_offset >= {start:Int64} AND kafka_offset < {end:Int64})"
    )
    return (
        f"SELECT {keys}{totals}{merged}, max(d.landed) = 0 OR {' OR '.join(lacks)} AS lacks, "  # noqa: S608
        f"{' OR '.join(exceeds)} AS exceeds FROM ("
        f"SELECT {keys}{plus}, 0 AS landed FROM ({select}) AS s WHERE {share} UNION ALL "
        f"SELECT {keys}{minus}, 1 AS landed FROM {target.table} AS t WHERE {share}"
        f") AS d GROUP BY {keys} HAVING lacks OR exceeds"
    )


def _state(name: str, function: str) -> str:
    """The state of both sides together, of the column's own type."""
    return f"{function}(d.{name})" if function in _PLAIN else f"{function}MergeState(d.{name})"


def _shown(name: str, function: str, suffix: str = "", condition: str = "") -> str:
    """Something that differs where states do."""
    if function in _PLAIN:
        return f"{function}{suffix}(d.{name}{condition})"
    if function in _COUNTED:
        return f"{function}Merge{suffix}(d.{name}{condition})"
    return f"hex({function}MergeState{suffix}(d.{name}{condition}))"
