"""The SQL of the proof. Parameters are those of Bounds and Frame; every time is epoch milliseconds.

Memory is bounded by receipts and by (source, hour) pairs, never by mentions: those are only counted as they pass.
"""

from schemas.proof.targets import SIDES
from schemas.tables import DEAD_LETTERS, LANDED, MENTIONS, POSTS, RECEIPTS

# ruff: noqa: S608 -- only names of our own schema are put in; values are parameters

_HOUR = 3_600_000


def _time(millis: str) -> str:
    return f"fromUnixTimestamp64Milli({{{millis}:Int64}}, 'UTC')"


def _of_sources(place: str) -> str:
    given = "{sources:Array(String)}"
    return f"(empty({given}) OR has({given}, {place}) OR has({given}, substring({place}, position({place}, '/') + 1)))"


def _end(partition: str, which: str, otherwise: int) -> str:
    """The first (`lows`) or last (`highs`) offset that the frame has of a partition."""
    found = f"{{partitions:Array(Int32)}}, {{{which}:Array(Int64)}}"
    return f"transform({partition}, {found}, toInt64({otherwise}))"


def _inside(partition: str, offset: str) -> str:
    """Whether an offset of `posts` lies in the frame."""
    return f"({offset} >= {_end(partition, 'lows', 1)} AND {offset} <= {_end(partition, 'highs', 0)})"


_PLACE = "concat(toString(platform), '/', toString(t.source))"
_COLLECTED = f"collected_at >= {_time('since')} AND collected_at < {_time('until')}"
_IN_HOURS = f"collected_at >= {_time('first_hour')} AND collected_at < {_time('last_hour')} + INTERVAL 1 HOUR"
_HOUR_OF = f"intDiv(toUnixTimestamp64Milli(collected_at), {_HOUR}) * {_HOUR}"
_NEAR = f"enriched_at >= {_time('enriched_since')} AND enriched_at < {_time('enriched_until')}"
_TOUCHED = (
    "arrayExists((h, s) -> toUnixTimestamp64Milli(h) >= {since:Int64} AND toUnixTimestamp64Milli(h) < {until:Int64} "
    f"AND {_of_sources('toString(s)')}, counts.hour, counts.source)"
)
_BEFORE = f"enriched_at < {_time('as_of')}"

_KEPT = sorted({POSTS, MENTIONS, RECEIPTS, DEAD_LETTERS, *SIDES, *SIDES.values()})

KEPT = f"""
SELECT name, toInt32OrZero(extract(create_table_query, 'toIntervalDay\\\\((\\\\d+)\\\\)')) AS days
FROM system.tables
WHERE database = currentDatabase()
  AND name IN ({", ".join(f"'{name}'" for name in _KEPT)})
"""

_LEDGER = f"""
SELECT place AS source, hour, sum(n) AS collected,
       sumIf(n, outcome = 'mention') AS mentions,
       sumIf(n, outcome = 'repeat') AS repeats,
       sumIf(n, outcome = 'dead_letter') AS dead_letters,
       sum(found) AS landed,
       mentions - landed AS difference
FROM (
  SELECT toString(c.source) AS place, toUnixTimestamp64Milli(c.hour) AS hour, toString(c.outcome) AS outcome,
         c.count AS n, toInt64(0) AS found
  FROM {RECEIPTS} ARRAY JOIN counts AS c
  WHERE {_NEAR} AND {_BEFORE} AND hour >= {{since:Int64}} AND hour < {{until:Int64}} AND {_of_sources("place")}
  UNION ALL
  SELECT {_PLACE} AS place, {_HOUR_OF} AS hour, '' AS outcome, toInt64(0) AS n, toInt64(count()) AS found
  FROM {MENTIONS} AS t
  WHERE {_COLLECTED} AND {_BEFORE} AND {_of_sources(_PLACE)}
  GROUP BY place, hour
)
GROUP BY place, hour
"""

TOTALS = f"""
SELECT sum(l.collected) AS collected, sum(l.mentions) AS mentions, sum(l.repeats) AS repeats,
       sum(l.dead_letters) AS dead_letters, sum(l.landed) AS landed, sum(abs(l.difference)) AS difference
FROM ({_LEDGER}) AS l
"""

LEDGER_PAGE = f"""
SELECT * FROM ({_LEDGER})
WHERE {{before_hour:Int64}} < 0 OR hour < {{before_hour:Int64}}
   OR (hour = {{before_hour:Int64}} AND source > {{before_source:String}})
ORDER BY hour DESC, source LIMIT {{limit:UInt32}}
"""

LEDGER_DIFFERS = f"""
SELECT * FROM ({_LEDGER}) WHERE difference != 0 ORDER BY hour, source LIMIT {{most:UInt32}}
"""

FRAME = f"""
SELECT partition, min(f.low) AS low, max(f.high) AS high, min(f.first_hour) AS first_hour, max(f.last_hour) AS last_hour
FROM (
  SELECT partition, min(first_offset) AS low, max(last_offset) AS high,
         min(toUnixTimestamp64Milli(arrayMin(counts.hour))) AS first_hour,
         max(toUnixTimestamp64Milli(arrayMax(counts.hour))) AS last_hour
  FROM {RECEIPTS} WHERE {_NEAR} AND {_BEFORE} AND {_TOUCHED}
  GROUP BY partition
  UNION ALL
  SELECT kafka_partition AS partition, min(kafka_offset) AS low, max(kafka_offset) AS high,
         min({_HOUR_OF}) AS first_hour, max({_HOUR_OF}) AS last_hour
  FROM {POSTS} AS t WHERE {_COLLECTED} AND landed_at < {_time("as_of")} AND {_of_sources(_PLACE)}
  GROUP BY partition
  UNION ALL
  SELECT origin_partition AS partition, min(origin_offset) AS low, max(origin_offset) AS high,
         min({_HOUR_OF}) AS first_hour, max({_HOUR_OF}) AS last_hour
  FROM {MENTIONS} AS t WHERE {_COLLECTED} AND {_BEFORE} AND {_of_sources(_PLACE)}
  GROUP BY partition
) AS f
GROUP BY partition
"""

_EARLIER = f"last_offset < {_end('partition', 'lows', 0)}"
_LATER = f"first_offset > {_end('partition', 'highs', 0)}"

NEIGHBOURS = f"""
SELECT partition, maxIf(last_offset, {_EARLIER}) AS before, countIf({_EARLIER}) AS befores,
       minIf(first_offset, {_LATER}) AS after, countIf({_LATER}) AS afters
FROM {RECEIPTS} WHERE {_NEAR} AND has({{partitions:Array(Int32)}}, partition)
GROUP BY partition
"""

_REACHING = f"{_NEAR} AND last_offset >= {_end('partition', 'lows', 1)} AND first_offset <= {_end('partition', 'highs', 0)}"

# `reached` is the last offset that an earlier receipt covers.
TILING = f"""
SELECT * FROM (
  SELECT partition, first_offset, last_offset,
         max(last_offset) OVER earlier AS reached, count() OVER earlier AS earliers
  FROM {RECEIPTS} WHERE {_REACHING}
  WINDOW earlier AS (PARTITION BY partition ORDER BY first_offset, last_offset ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
WHERE earliers > 0 AND first_offset != reached + 1
ORDER BY partition, first_offset LIMIT {{most:UInt32}}
"""

ENDS = f"""
SELECT partition, min(first_offset) AS first, max(last_offset) AS last FROM {RECEIPTS} WHERE {_REACHING} GROUP BY partition
"""

MISCOUNTED = f"""
SELECT id, partition, first_offset, last_offset, records, mentions + repeats + dead_letters AS outcomes,
       arraySum(counts.count) AS counted, toInt64(length(repeat_offsets)) AS listed, repeats
FROM {RECEIPTS}
WHERE {_NEAR} AND {_BEFORE} AND {_TOUCHED}
  AND (records != last_offset - first_offset + 1 OR outcomes != records OR counted != records OR listed != repeats)
ORDER BY partition, first_offset LIMIT {{most:UInt32}}
"""

_REFUSED = f"""
SELECT assumeNotNull(origin_partition) AS partition, assumeNotNull(origin_offset) AS at FROM {DEAD_LETTERS}
WHERE endsWith(ifNull(toString(origin_topic), ''), 'posts') AND failed_at < {_time("as_of")}
  AND origin_partition IS NOT NULL AND origin_offset IS NOT NULL
  AND {_inside("assumeNotNull(origin_partition)", "assumeNotNull(origin_offset)")}
"""
_LETTERS = f"{_REFUSED} AND stage = 'enrich'"

# What landed, as (kind, partition and offset in posts): 0 mention, 1 dead letter of enrich, 2 post that is none; one that
# the sink refused is accounted for by its own dead letter.
_FOUND = f"""
SELECT toInt8(0) AS kind, origin_partition AS partition, origin_offset AS at FROM {MENTIONS}
WHERE {_BEFORE} AND {_IN_HOURS} AND {_inside("origin_partition", "origin_offset")}
UNION ALL
SELECT toInt8(1) AS kind, partition, at FROM ({_LETTERS})
UNION ALL
SELECT toInt8(2) AS kind, kafka_partition AS partition, kafka_offset AS at FROM {POSTS}
WHERE {_IN_HOURS} AND {_inside("kafka_partition", "kafka_offset")} AND (kafka_partition, kafka_offset) NOT IN ({_LETTERS})
UNION ALL
SELECT DISTINCT toInt8(2) AS kind, partition, at FROM ({_REFUSED} AND stage != 'enrich') WHERE (partition, at) NOT IN ({_LETTERS})
"""

_SCOPE = f"""
SELECT id, partition, first_offset, last_offset, mentions, repeats, dead_letters,
       intDiv((first_offset + last_offset) * (last_offset - first_offset + 1), 2) - arraySum(repeat_offsets) AS offsets_sum,
       toUnixTimestamp64Milli(arrayMin(counts.hour)) >= {{posts_since:Int64}} AS posts_due,
       toUnixTimestamp64Milli(arrayMin(counts.hour)) >= {{mentions_since:Int64}} AS mentions_due,
       enriched_at >= {_time("letters_since")} AS letters_due
FROM {RECEIPTS}
WHERE {_NEAR} AND {_BEFORE} AND {_TOUCHED}
"""

# Sums of offsets find one that is missing where another came twice.
RECEIPT_DIFFERS = f"""
SELECT r.id AS id, r.partition AS partition, r.first_offset AS first_offset, r.last_offset AS last_offset,
       r.mentions AS mentions, r.repeats AS repeats, r.dead_letters AS dead_letters,
       l.mentions AS mentions_landed, l.letters AS letters_landed, l.posts AS posts_landed,
       r.mentions_due AND (r.mentions != mentions_landed
           OR r.letters_due AND (r.dead_letters != letters_landed OR r.offsets_sum != l.offsets_sum)) AS lost,
       r.posts_due AND r.mentions + r.repeats > posts_landed AS unlanded
FROM ({_SCOPE}) AS r
LEFT JOIN (
  SELECT s.partition AS partition, s.first_offset AS first_offset, toInt64(countIf(f.kind = 0)) AS mentions,
         toInt64(countIf(f.kind = 1)) AS letters, toInt64(countIf(f.kind = 2)) AS posts, sumIf(f.at, f.kind < 2) AS offsets_sum
  FROM ({_FOUND}) AS f
  ASOF JOIN (SELECT partition, first_offset, last_offset FROM ({_SCOPE})) AS s
    ON f.partition = s.partition AND f.at >= s.first_offset
  WHERE f.at <= s.last_offset
  GROUP BY partition, first_offset
) AS l ON l.partition = r.partition AND l.first_offset = r.first_offset
WHERE lost OR unlanded
ORDER BY partition, first_offset LIMIT {{most:UInt32}}
"""


def _among(partition: str, offset: str) -> str:
    """Whether an offset of `posts` lies in one of the stretches asked about."""
    return (
        f"arrayExists((p, a, z) -> p = {partition} AND a <= {offset} AND {offset} <= z, "
        "{of:Array(Int32)}, {first:Array(Int64)}, {last:Array(Int64)})"
    )


def _absent(*present: str) -> str:
    """Stretches of offsets, of those asked about, that none of these subqueries has."""
    return f"""
SELECT partition, begins, min(at) AS low, max(at) AS high, count() AS n FROM (
  SELECT partition, begins, at, at - toInt64(row_number() OVER (PARTITION BY partition, begins ORDER BY at)) AS island FROM (
    SELECT s.1 AS partition, s.2 AS begins, toInt64(arrayJoin(range(toUInt64(s.2), toUInt64(s.3 + 1)))) AS at
    FROM (SELECT arrayJoin(arrayZip({{of:Array(Int32)}}, {{first:Array(Int64)}}, {{last:Array(Int64)}})) AS s)
  ) WHERE {" AND ".join(f"(partition, at) NOT IN ({one})" for one in present)}
)
GROUP BY partition, begins, island ORDER BY partition, low LIMIT {{most:UInt32}}
"""


LOST = _absent(
    f"SELECT origin_partition, origin_offset FROM {MENTIONS} WHERE {_BEFORE} AND {_IN_HOURS} "
    f"AND {_among('origin_partition', 'origin_offset')}",
    _LETTERS,
    f"SELECT partition, arrayJoin(repeat_offsets) FROM {RECEIPTS} WHERE {_NEAR} AND {_BEFORE} AND {_among('partition', 'first_offset')}",
)
"""Offsets of receipts that became neither mention nor repeat nor dead letter."""

UNLANDED = _absent(
    f"SELECT kafka_partition, kafka_offset FROM {POSTS} WHERE {_IN_HOURS} AND {_among('kafka_partition', 'kafka_offset')}",
    _REFUSED,
)
"""Offsets of receipts whose post has not landed."""

POSTS_AT = f"""
SELECT kafka_partition AS partition, kafka_offset AS at, id, {_PLACE} AS place FROM {POSTS} AS t
WHERE {_IN_HOURS} AND {_among("kafka_partition", "kafka_offset")}
ORDER BY partition, at LIMIT {{most:UInt32}}
"""

_OF_COLLECTION = {POSTS: "collected_at", MENTIONS: "collected_at"}
_OF_MAKING = {
    RECEIPTS: "enriched_at",
    DEAD_LETTERS: "failed_at",
    "runs": "started_at",
    "engagements": "read_at",
    "trends": "computed_at",
    "bars": "computed_at",
    "alerts": "computed_at",
    "story_links": "enriched_at",
    "stories": "updated_at",
    "influencer_profiles": "updated_at",
    "topics": "updated_at",
    "assignments": "assigned_at",
    "quotes": "collected_at",
    "candles": "collected_at",
}
"""The time that bounds a look for doubled rows; a table that is not named is looked at whole."""


def doubled(sources: bool) -> str:
    """Positions that landed more than once, of all topics or of those that know sources. Bitmaps of 65,536 tell them apart."""
    topics = {topic: table for topic, table in LANDED.items() if table in _OF_COLLECTION or not sources}
    return "\nUNION ALL\n".join(_doubled(topic, table) for topic, table in topics.items())


def _doubled(topic: str, table: str) -> str:
    if table in _OF_COLLECTION:
        bounds = f"{_COLLECTED} AND {_of_sources(_PLACE)}"
    elif table in _OF_MAKING:
        column = _OF_MAKING[table]
        bounds = f"{column} >= {_time('enriched_since')} AND {column} < {_time('enriched_until')}"
    else:
        bounds = "1"
    return f"""
SELECT '{topic}' AS topic, '{table}' AS landed, kafka_partition AS partition, kafka_offset AS at, toInt64(count()) AS n
FROM {table} AS t
WHERE {bounds} AND (kafka_partition, intDiv(kafka_offset, 65536)) IN (
  SELECT kafka_partition, intDiv(kafka_offset, 65536) AS block FROM {table} AS t WHERE {bounds}
  GROUP BY kafka_partition, block HAVING count() != groupBitmap(toUInt16(kafka_offset % 65536)) LIMIT 10)
GROUP BY partition, at HAVING n > 1 ORDER BY partition, at LIMIT {{most:UInt32}}
"""
