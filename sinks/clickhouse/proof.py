"""Proof: what the receipts say became of the posts, against what landed; every difference by name."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.tables import LANDED
from sinks.clickhouse.client import connect, decisions
from sinks.settings import ClickHouseSinkSettings

_MOST = 100
_AGAIN_S = 1.0
_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not add up. `what` is one of hole, overlap, uncovered, miscounted, ledger, origin, doubled, metrics."""

    what: str
    where: str
    expected: int
    found: int
    detail: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The totals of the ledger and every difference; it holds where there is none."""

    collected: int
    mentions: int
    repeats: int
    dead_letters: int
    landed: int
    differences: list[Difference]

    @property
    def holds(self) -> bool:
        """Whether everything adds up."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"holds": self.holds, **asdict(self)}


def prove(settings: ClickHouseSinkSettings, patience_s: float) -> Proof:
    """The proof of now. What only has not landed yet is given `patience_s` to land. Raises Retryable and Fatal."""
    client = connect(settings, _TIMEOUT_S)
    deadline = time.monotonic() + patience_s
    try:
        with decisions():
            while True:
                proof = _prove(client)
                if proof.holds or time.monotonic() >= deadline:
                    return proof
                time.sleep(_AGAIN_S)
    finally:
        client.close()


def _prove(client: Client) -> Proof:
    totals = client.query(
        "SELECT sum(collected), sum(mentions), sum(repeats), sum(dead_letters), sum(landed) FROM ledger"
    ).result_rows[0]
    checks = (_tiling, _counts, _ledger, _origins, _doubled, _metrics)
    differences = [difference for check in checks for difference in check(client)]
    collected, mentions, repeats, dead, landed = (int(total) for total in totals)
    return Proof(collected, mentions, repeats, dead, landed, differences)


def _tiling(client: Client) -> Iterator[Difference]:
    """Receipts follow one another, from the first post that is still kept to the last."""
    for partition, first, gap in _rows(
        client, "SELECT partition, first_offset, gap FROM receipt_tiling WHERE gap != 0 ORDER BY 1, 2"
    ):
        start = min(first - gap, first)
        yield Difference(
            "hole" if gap > 0 else "overlap",
            f"posts[{partition}] offsets {start}-{max(first - gap, first) - 1}",
            int(first - gap),
            int(first),
            f"{abs(gap)} offsets {'in no receipt' if gap > 0 else 'in two receipts'}",
        )
    for partition, low, high, first, last in _rows(
        client,
        "SELECT p.kafka_partition, p.low, p.high, if(r.n = 0, p.low, r.first), if(r.n = 0, p.low - 1, r.last) FROM "
        "(SELECT kafka_partition, min(kafka_offset) AS low, max(kafka_offset) AS high FROM posts GROUP BY 1) AS p "
        "LEFT JOIN (SELECT partition, count() AS n, min(first_offset) AS first, max(last_offset) AS last "
        "FROM receipts GROUP BY 1) AS r ON r.partition = p.kafka_partition WHERE r.n = 0 OR first > low OR last < high",
    ):
        if first > low:
            yield Difference(
                "uncovered",
                f"posts[{partition}] offsets {low}-{first - 1}",
                low,
                first,
                "before the first receipt",
            )
        if last < high:
            yield Difference(
                "uncovered",
                f"posts[{partition}] offsets {last + 1}-{high}",
                high,
                last,
                "after the last receipt",
            )


def _counts(client: Client) -> Iterator[Difference]:
    """Within a receipt, the range, the totals and the counts by source agree."""
    for receipt, span, records, outcomes, counted in _rows(
        client,
        "SELECT id, last_offset - first_offset + 1 AS span, records, mentions + repeats + dead_letters AS outcomes, "
        "arraySum(counts.count) AS counted FROM receipts WHERE records != span OR outcomes != span OR counted != span",
    ):
        yield Difference(
            "miscounted",
            f"receipt {receipt}",
            span,
            records,
            f"outcomes {outcomes}, counts by source {counted}",
        )


def _ledger(client: Client) -> Iterator[Difference]:
    """Per source and hour, as many mentions landed as the receipts say."""
    for source, hour, mentions, landed in _rows(
        client,
        "SELECT source, toString(hour), mentions, landed FROM ledger WHERE difference != 0 ORDER BY 1, 2",
    ):
        yield Difference(
            "ledger", f"{source} {hour}", mentions, landed, "mentions by receipts, mentions landed"
        )


def _origins(client: Client) -> Iterator[Difference]:
    """Per receipt, every offset that is no repeat and no dead letter has its mention, once."""
    for receipt, partition, mentions, landed, offsets in _rows(
        client,
        "SELECT r.id, r.partition, r.mentions, m.found, "
        "arraySlice(arraySort(arrayFilter(o -> NOT has(m.origins, o) AND NOT has(r.repeat_offsets, o) "
        "AND NOT has((SELECT groupArray((origin_partition, origin_offset)) FROM dead_letters WHERE stage = 'enrich'), "
        "(r.partition, toInt64(o))), "
        "range(toUInt64(r.first_offset), toUInt64(r.last_offset + 1)))), 1, 10) FROM receipts AS r LEFT JOIN ("
        "SELECT partition, first_offset, count() AS found, groupArray(origin_offset) AS origins FROM ("
        "SELECT origin_partition AS partition, origin_offset FROM mentions ORDER BY origin_offset) AS o "
        "ASOF JOIN (SELECT partition, first_offset FROM receipts) AS f "
        "ON o.partition = f.partition AND o.origin_offset >= f.first_offset GROUP BY partition, first_offset) AS m "
        "ON m.partition = r.partition AND m.first_offset = r.first_offset WHERE r.mentions != m.found ORDER BY r.id",
    ):
        yield Difference(
            "origin",
            f"posts[{partition}] receipt {receipt}",
            mentions,
            landed,
            f"offsets that became nothing: {', '.join(map(str, offsets)) or 'none'}",
        )


def _doubled(client: Client) -> Iterator[Difference]:
    """No position of a topic landed twice."""
    for table in LANDED.values():
        for partition, offset, count in _rows(
            client,
            f"SELECT kafka_partition, kafka_offset, count() FROM {table} "  # noqa: S608 -- a table name of ours
            "GROUP BY 1, 2 HAVING count() > 1 ORDER BY 1, 2",
        ):
            yield Difference(
                "doubled", f"{table}[{partition}] offset {offset}", 1, count, "rows of one position"
            )


def _metrics(client: Client) -> Iterator[Difference]:
    """The metrics of the keyword '' count every mention once."""
    for day, platform, sentiment, mentions, counted in _rows(
        client,
        "SELECT toString(day), platform, sentiment, sum(landed) AS rows, sum(counted) AS sums FROM ("
        "SELECT toDate(collected_at) AS day, CAST(platform, 'String') AS platform, CAST(sentiment, 'String') AS sentiment, "
        "toInt64(count()) AS landed, toInt64(0) AS counted FROM mentions GROUP BY day, platform, sentiment UNION ALL "
        "SELECT collected_on, CAST(platform, 'String'), CAST(sentiment, 'String'), toInt64(0), toInt64(sum(mentions)) "
        "FROM sentiment_metrics WHERE keyword = '' GROUP BY 1, 2, 3) GROUP BY day, platform, sentiment HAVING rows != sums",
    ):
        yield Difference(
            "metrics", f"{day} {platform} {sentiment}", mentions, counted, "mentions, sum of metrics"
        )


def _rows(client: Client, sql: str) -> Iterator[Any]:
    """The first rows of a check, as many as anybody reads."""
    yield from client.query(f"SELECT * FROM ({sql}) LIMIT {_MOST}").result_rows  # noqa: S608 -- queries of this file
