-- Mentions per minute of event time, keyword, platform and sentiment. The keyword '' counts every mention once, so
-- totals are never sums over keywords. collected_on keeps the whole-partition rule: old events may be replayed today.
-- The target has a deduplication window of its own: a replayed block is dropped here by itself, whether or not the
-- source had it. kafka_partition makes a partition's share of every sum comparable with its mentions: a block that
-- the target lost in a crash is found and put back by the one worker that owns the partition (ADR 4).

CREATE TABLE sentiment_metrics (
    minute DateTime('UTC'),
    keyword LowCardinality(String),
    platform LowCardinality(String),
    sentiment LowCardinality(String),
    collected_on Date,
    kafka_partition Int32,
    mentions UInt64,
    engagement UInt64
) ENGINE = SummingMergeTree((mentions, engagement))
PARTITION BY toYYYYMM(collected_on)
ORDER BY (keyword, minute, platform, sentiment, collected_on, kafka_partition)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW sentiment_metrics_from_mentions TO sentiment_metrics AS
SELECT
    toStartOfMinute(toDateTime(event_at, 'UTC')) AS minute,
    keyword,
    platform,
    sentiment,
    toDate(collected_at) AS collected_on,
    kafka_partition,
    toUInt64(count()) AS mentions,
    toUInt64(sum(ifNull(likes, 0) + ifNull(shares, 0) + ifNull(comments, 0))) AS engagement
FROM mentions
ARRAY JOIN arrayPushFront(arrayDistinct(arrayFilter(k -> k != '', CAST(keywords, 'Array(String)'))), '') AS keyword
GROUP BY minute, keyword, platform, sentiment, collected_on, kafka_partition;
