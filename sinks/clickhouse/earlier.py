"""What earlier runs of the sink have landed and refused of a topic, by the tables: a restart forgets no refusal (ADR 17)."""

from clickhouse_connect.driver.client import Client

from schemas.tables import DEAD_LETTERS
from sinks.clickhouse.groups import Landed
from sinks.dead_letters import ENRICHED
from sinks.ranges import Range


def landed_and_refused(
    client: Client, landed: Landed, partition: int, cut: Range, since_ms: int, until_ms: int
) -> tuple[int, int]:
    """Rows that landed from `since_ms` up to before `until_ms`, and records that became dead letters.

    The range itself is left out: after a crash some of it may have landed, and is about to be counted again. A letter that
    a replay has published a second time counts once. Of posts, of which the sink publishes no letters, enrich's count.
    """
    stage = "enrich" if landed.name == ENRICHED else "clickhouse"
    times = (
        "fromUnixTimestamp64Milli({{since:Int64}}) <= {0} AND {0} < fromUnixTimestamp64Milli({{until:Int64}})"
    )
    own = "{0}partition = {{partition:Int32}} AND {0}offset >= {{start:Int64}} AND {0}offset < {{end:Int64}}"
    [row] = client.query(
        f"SELECT (SELECT count() FROM {landed.table} "  # noqa: S608 -- names of ours
        f"WHERE {times.format('landed_at')} AND NOT ({own.format('kafka_')})), "
        f"(SELECT uniqExact(origin_partition, origin_offset) FROM {DEAD_LETTERS} "
        f"WHERE {times.format('failed_at')} AND stage = {{stage:String}} AND origin_topic = {{topic:String}} "
        f"AND origin_offset IS NOT NULL AND NOT ({own.format('origin_')}))",
        parameters={
            "partition": partition,
            "start": cut.start,
            "end": cut.end,
            "since": since_ms,
            "until": until_ms,
            "stage": stage,
            "topic": landed.full_name,
        },
    ).result_rows
    return int(row[0]), int(row[1])
