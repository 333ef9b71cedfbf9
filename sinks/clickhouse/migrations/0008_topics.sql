-- Every revision of the topics, and which story belongs to which. Keys and rules as in 0001_landing.sql.

CREATE TABLE topics (
    id String,
    revision Int64,
    label String,
    terms Array(String),
    mentions Int64,
    stories Int64,
    positive Int64,
    negative Int64,
    neutral Int64,
    hashtags Map(String, Int64),
    words Map(String, Int64),
    trending_score Float64,
    sample_ids Array(String),
    merged_into Nullable(String),
    first_seen DateTime64(3, 'UTC'),
    last_seen DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    updated_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64 CODEC(Delta, ZSTD(1)),
    landed_at DateTime64(3, 'UTC'),
    INDEX topic id TYPE bloom_filter GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(updated_at)
ORDER BY (last_seen, id, revision)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE assignments (
    story_id String,
    topic_id String,
    revision Int64,
    similarity Float64,
    assigned_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64 CODEC(Delta, ZSTD(1)),
    landed_at DateTime64(3, 'UTC'),
    INDEX story story_id TYPE bloom_filter GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(assigned_at)
ORDER BY (topic_id, story_id, revision)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
