-- Which post belongs to which story, and every revision of the stories. Keys and rules as in 0001_landing.sql.

CREATE TABLE story_links (
    post_id String,
    story_id String,
    is_copy Bool,
    similarity Float64,
    platform LowCardinality(String),
    source LowCardinality(String),
    url Nullable(String),
    author Nullable(String),
    event_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    collected_at DateTime64(3, 'UTC'),
    enriched_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64 CODEC(Delta, ZSTD(1)),
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(enriched_at)
ORDER BY (story_id, event_at, post_id)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE stories (
    id String,
    revision Int64,
    post_id String,
    platform LowCardinality(String),
    source LowCardinality(String),
    url Nullable(String),
    excerpt String,
    subjects Array(LowCardinality(String)),
    sources Map(LowCardinality(String), Int64),
    copies Int64,
    authors Int64,
    positive Int64,
    negative Int64,
    neutral Int64,
    first_seen DateTime64(3, 'UTC'),
    last_seen DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    updated_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64 CODEC(Delta, ZSTD(1)),
    landed_at DateTime64(3, 'UTC'),
    INDEX story id TYPE bloom_filter GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(updated_at)
ORDER BY (last_seen, id, revision)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
