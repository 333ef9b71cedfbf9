"""Whether every target of a materialised view has what its source has: the questions, and how long each side is kept.

What a view adds up is compared by sums of `hash of the key * value`, which need no group for each key: a sum of another
key, or of another size, shows, however far the target has been merged. What is said of it is by day of collection,
partition and a few columns. A quote's minute has no sums: it is made again from the quotes, some days at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.tables import AUTHOR_DAYS, HASHTAGS, MENTIONS, QUOTE_MINUTES, QUOTES, SENTIMENT_METRICS

# ruff: noqa: S608 -- only names of our own schema are put in; values are parameters

_FACTORS = (1, 1_000_003, 999_999_000_001, 888_888_877_777_777, 77_777_777_977_777_777)
"""One for each sum, so that what one lacks is not made good by what another has too much."""
_ENGAGEMENT = "ifNull(m.likes, 0) + ifNull(m.shares, 0) + ifNull(m.comments, 0)"
_AUTHOR = "coalesce(m.author_id, m.author_handle, m.author_name, '')"


@dataclass(frozen=True, slots=True)
class Summed:
    """A target of sums over mentions: its keys and sums by name, each with the expression over a mention `m`.

    `told` are the keys by which a difference is named; `each` is what follows FROM, `only` which mentions count.
    """

    table: str
    keys: Mapping[str, str]
    sums: Mapping[str, str]
    told: Sequence[str]
    each: str = ""
    only: str = "1"
    source: str = MENTIONS

    @property
    def question(self) -> str:
        """Days, partitions and what is told of them, where the counts or the hashed sums differ."""
        told = ", ".join(self.told)
        ours = ", ".join(f"toString({self.keys[name]}) AS {name}" for name in self.told)
        theirs = ", ".join(f"toString(t.{name}) AS {name}" for name in self.told)
        landed = _print(list(self.keys.values()), list(self.sums.values()))
        added = _print([f"t.{name}" for name in self.keys], [f"t.{name}" for name in self.sums])
        return f"""
SELECT toString(collected) AS day, partition, {told}, sum(wanted) AS expected, sum(counted) AS found FROM (
  SELECT toDate(m.collected_at) AS collected, m.kafka_partition AS partition, {ours},
         toInt64(count()) AS wanted, toInt64(0) AS counted, {landed} AS print
  FROM {self.source} AS m {self.each}
  WHERE {self.only} AND collected >= {{first_day:Date}} AND collected <= {{last_day:Date}}
  GROUP BY collected, partition, {told}
  UNION ALL
  SELECT t.collected_on AS collected, t.kafka_partition AS partition, {theirs},
         toInt64(0) AS wanted, toInt64(sum(t.mentions)) AS counted, -{added} AS print
  FROM {self.table} AS t
  WHERE collected >= {{first_day:Date}} AND collected <= {{last_day:Date}}
  GROUP BY collected, partition, {told}
)
GROUP BY collected, partition, {told} HAVING expected != found OR sum(print) != 0
ORDER BY collected, partition, {told} LIMIT {{most:UInt32}}
"""


def _print(keys: Sequence[str], sums: Sequence[str]) -> str:
    """A sum that is the same for the same keys and sums in whatever rows; it goes round at 64 bits."""
    values = " + ".join(
        f"toUInt64({value}) * toUInt64({factor})" for value, factor in zip(sums, _FACTORS, strict=False)
    )
    return f"reinterpretAsInt64(sum(cityHash64({', '.join(keys)}) * ({values})))"


SUMMED = (
    Summed(
        SENTIMENT_METRICS,
        {
            "minute": "toStartOfMinute(toDateTime(m.event_at, 'UTC'))",
            "keyword": "keyword",
            "platform": "m.platform",
            "sentiment": "m.sentiment",
        },
        {"mentions": "1", "engagement": _ENGAGEMENT},
        ("platform", "sentiment"),
        "ARRAY JOIN arrayPushFront(arrayDistinct(arrayFilter(k -> k != '', CAST(m.keywords, 'Array(String)'))), '') AS keyword",
    ),
    Summed(
        HASHTAGS,
        {
            "hour": "toStartOfHour(toDateTime(m.event_at, 'UTC'))",
            "hashtag": "hashtag",
            "platform": "m.platform",
        },
        {
            "mentions": "1",
            "engagement": _ENGAGEMENT,
            "positive": "m.sentiment = 'positive'",
            "negative": "m.sentiment = 'negative'",
        },
        ("platform",),
        "ARRAY JOIN arrayDistinct(m.hashtags) AS hashtag",
    ),
    Summed(
        AUTHOR_DAYS,
        {"day": "toDate(m.event_at)", "platform": "m.platform", "author": _AUTHOR},
        {
            "mentions": "1",
            "engagement": _ENGAGEMENT,
            "views": "ifNull(m.views, 0)",
            "positive": "m.sentiment = 'positive'",
            "negative": "m.sentiment = 'negative'",
        },
        ("platform",),
        only=f"{_AUTHOR} != ''",
    ),
)

MINUTES_AT_ONCE = 500_000
"""Quotes and minutes of them that one question reads at most, if they are of more than a day."""

QUOTE_DAYS = f"""
SELECT toString(collected) AS day, toInt64(sum(n)) AS n FROM (
  SELECT toDate(q.collected_at) AS collected, count() AS n FROM {QUOTES} AS q
  WHERE collected >= {{first_day:Date}} AND collected <= {{last_day:Date}} GROUP BY collected
  UNION ALL
  SELECT b.collected_on AS collected, count() AS n FROM {QUOTE_MINUTES} AS b
  WHERE collected >= {{first_day:Date}} AND collected <= {{last_day:Date}} GROUP BY collected
)
GROUP BY collected ORDER BY collected
"""

QUOTED = f"""
SELECT toString(collected) AS day, partition, symbol, sum(wanted) AS expected, sum(counted) AS found,
       toInt64(count()) AS minutes
FROM (
  SELECT collected, partition, symbol, minute, sum(ours) AS wanted, sum(theirs) AS counted FROM (
    SELECT toDate(q.collected_at) AS collected, q.kafka_partition AS partition, toString(q.symbol) AS symbol,
           toStartOfMinute(toDateTime(q.market_time, 'UTC')) AS minute,
           toInt64(uniqExact(q.market_time)) AS ours, toInt64(0) AS theirs,
           cityHash64(ours,
             argMin(q.price, (q.market_time, -toUnixTimestamp64Milli(q.collected_at), -q.kafka_offset)),
             max(q.price), min(q.price),
             argMax(q.price, (q.market_time, toUnixTimestamp64Milli(q.collected_at), q.kafka_offset)),
             ifNull(max(q.day_volume), -1)) AS print
    FROM {QUOTES} AS q
    WHERE collected >= {{first_day:Date}} AND collected <= {{last_day:Date}}
    GROUP BY collected, partition, symbol, minute
    UNION ALL
    SELECT b.collected_on AS collected, b.kafka_partition AS partition, toString(b.symbol) AS symbol, b.minute AS minute,
           toInt64(0) AS ours, toInt64(uniqExactMerge(b.ticks)) AS theirs,
           cityHash64(theirs, argMinMerge(b.open), max(b.high), min(b.low), argMaxMerge(b.close),
             ifNull(max(b.day_volume), -1)) AS print
    FROM {QUOTE_MINUTES} AS b
    WHERE collected >= {{first_day:Date}} AND collected <= {{last_day:Date}}
    GROUP BY collected, partition, symbol, minute
  )
  GROUP BY collected, partition, symbol, minute HAVING count() != 2 OR min(print) != max(print)
)
GROUP BY collected, partition, symbol ORDER BY collected, partition, symbol LIMIT {{most:UInt32}}
"""

SIDES: Mapping[str, str] = {**{one.table: one.source for one in SUMMED}, QUOTE_MINUTES: QUOTES}
"""Every target of a materialised view, with its source."""
