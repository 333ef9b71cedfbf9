-- Counts of posts, read again after they were collected. See 0001_landing.sql for the rules that every landed table keeps.

CREATE TABLE engagements (
    post_id String,
    platform LowCardinality(String),
    read_at DateTime64(3, 'UTC'),
    likes Nullable(Int64) CODEC(T64, ZSTD(1)),
    shares Nullable(Int64) CODEC(T64, ZSTD(1)),
    comments Nullable(Int64) CODEC(T64, ZSTD(1)),
    views Nullable(Int64) CODEC(T64, ZSTD(1)),
    collector LowCardinality(String),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(read_at)
ORDER BY (post_id, read_at)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- The counts of every post as they were read last.
CREATE VIEW latest_engagements AS
SELECT
    post_id,
    any(e.platform) AS platform,
    max(e.read_at) AS read_at,
    argMax(e.likes, e.read_at) AS likes,
    argMax(e.shares, e.read_at) AS shares,
    argMax(e.comments, e.read_at) AS comments,
    argMax(e.views, e.read_at) AS views
FROM engagements AS e
GROUP BY post_id;
