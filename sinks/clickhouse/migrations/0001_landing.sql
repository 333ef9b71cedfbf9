-- The landed topics. Every table: one column per Avro field, then where the row stood in its own topic and when it
-- landed. Partitions go by a time that is in the event itself (collection, or when the event was made), never by
-- landed_at: a replayed range must meet its token in the partition it went to the first time.
-- Codecs and skip indexes are those that `make bench-tables` found to pay (ADR 14).

CREATE TABLE posts (
    id String,
    platform LowCardinality(String),
    source LowCardinality(String),
    kind LowCardinality(String),
    url Nullable(String),
    title Nullable(String),
    text String,
    lang LowCardinality(Nullable(String)),
    author_id Nullable(String),
    author_name Nullable(String),
    author_handle Nullable(String),
    author_followers Nullable(Int64) CODEC(T64, ZSTD(1)),
    author_verified Nullable(Bool),
    likes Nullable(Int64) CODEC(T64, ZSTD(1)),
    shares Nullable(Int64) CODEC(T64, ZSTD(1)),
    comments Nullable(Int64) CODEC(T64, ZSTD(1)),
    views Nullable(Int64) CODEC(T64, ZSTD(1)),
    parent_id Nullable(String),
    matched Array(LowCardinality(String)),
    symbols Array(LowCardinality(String)),
    published_at Nullable(DateTime64(3, 'UTC')),
    published_precision LowCardinality(String),
    event_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    collected_at DateTime64(3, 'UTC'),
    collector LowCardinality(String),
    raw Nullable(String),
    kafka_partition Int32,
    kafka_offset Int64 CODEC(Delta, ZSTD(1)),
    landed_at DateTime64(3, 'UTC'),
    INDEX position kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(collected_at)
ORDER BY (event_at, id)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE mentions (
    id String,
    platform LowCardinality(String),
    source LowCardinality(String),
    kind LowCardinality(String),
    url Nullable(String),
    title Nullable(String),
    text String,
    lang LowCardinality(Nullable(String)),
    author_id Nullable(String),
    author_name Nullable(String),
    author_handle Nullable(String),
    author_followers Nullable(Int64) CODEC(T64, ZSTD(1)),
    author_verified Nullable(Bool),
    likes Nullable(Int64) CODEC(T64, ZSTD(1)),
    shares Nullable(Int64) CODEC(T64, ZSTD(1)),
    comments Nullable(Int64) CODEC(T64, ZSTD(1)),
    views Nullable(Int64) CODEC(T64, ZSTD(1)),
    parent_id Nullable(String),
    matched Array(LowCardinality(String)),
    symbols Array(LowCardinality(String)),
    published_at Nullable(DateTime64(3, 'UTC')),
    published_precision LowCardinality(String),
    event_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    collected_at DateTime64(3, 'UTC'),
    collector LowCardinality(String),
    language LowCardinality(String),
    sentiment LowCardinality(String),
    confidence Float32,
    positive Float32,
    negative Float32,
    neutral Float32,
    emotion LowCardinality(String),
    emotion_confidence Float32,
    emotions Map(LowCardinality(String), Float32),
    keywords Array(LowCardinality(String)),
    hashtags Array(String),
    fingerprint Int64,
    truncated Bool,
    model_version LowCardinality(String),
    enriched_at DateTime64(3, 'UTC'),
    origin_topic LowCardinality(String),
    origin_partition Int32,
    origin_offset Int64 CODEC(Delta, ZSTD(1)),
    kafka_partition Int32,
    kafka_offset Int64 CODEC(Delta, ZSTD(1)),
    landed_at DateTime64(3, 'UTC'),
    INDEX words lower(text) TYPE text(tokenizer = splitByNonAlpha),
    INDEX position kafka_offset TYPE minmax GRANULARITY 1,
    INDEX origin origin_offset TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(collected_at)
ORDER BY (event_at, id)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE receipts (
    id String,
    partition Int32,
    first_offset Int64,
    last_offset Int64,
    records Int64,
    mentions Int64,
    repeats Int64,
    dead_letters Int64,
    counts Array(Tuple(
        source LowCardinality(String),
        hour DateTime64(3, 'UTC'),
        outcome LowCardinality(String),
        count Int64)),
    repeat_offsets Array(Int64),
    enriched_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(enriched_at)
ORDER BY (partition, first_offset)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE trends (
    id String,
    revision Int64,
    subject_kind LowCardinality(String),
    subject String,
    platform LowCardinality(String),
    window LowCardinality(String),
    start DateTime64(3, 'UTC'),
    end DateTime64(3, 'UTC'),
    mentions Int64,
    copies Int64,
    authors Int64,
    positive Int64,
    negative Int64,
    neutral Int64,
    engagement Int64,
    velocity Float64,
    score Float64,
    display_score Float64,
    baseline Float64,
    learnt Int64,
    terms Map(String, Int64),
    sources Map(LowCardinality(String), Int64),
    samples Array(String),
    closed Bool,
    late Int64,
    computed_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(computed_at)
ORDER BY (subject_kind, window, subject, platform, start, revision)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE dead_letters (
    id String,
    origin String,
    origin_topic LowCardinality(Nullable(String)),
    origin_partition Nullable(Int32),
    origin_offset Nullable(Int64),
    stage LowCardinality(String),
    reason LowCardinality(String),
    detail String,
    schema_id Nullable(Int32),
    key Nullable(String),
    raw String,
    raw_size Int64,
    failed_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(failed_at)
ORDER BY (failed_at, id)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Control state: every change is a row, a tombstone one with deleted = 1. Never expires.
CREATE TABLE keywords (
    id String,
    text String,
    category LowCardinality(String),
    priority Int32,
    active Bool,
    languages Array(LowCardinality(String)),
    updated_at DateTime64(3, 'UTC'),
    deleted Bool,
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
ORDER BY (id, updated_at)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE runs (
    id String,
    collector LowCardinality(String),
    source LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC'),
    outcome LowCardinality(String),
    items Int64,
    published Int64,
    oldest_item_at Nullable(DateTime64(3, 'UTC')),
    newest_item_at Nullable(DateTime64(3, 'UTC')),
    quota_left Nullable(Int64),
    error Nullable(String),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (collector, source, started_at)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE candles (
    symbol LowCardinality(String),
    interval LowCardinality(String),
    start DateTime64(3, 'UTC'),
    open Nullable(Float64),
    high Nullable(Float64),
    low Nullable(Float64),
    close Float64,
    volume Nullable(Int64),
    adjusted Bool,
    collected_at DateTime64(3, 'UTC'),
    collector LowCardinality(String),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYear(collected_at)
ORDER BY (symbol, interval, start, collected_at)
SETTINGS non_replicated_deduplication_window = 10000;

-- Which topic, by its id in Kafka, the rows of a table came from: a topic made again starts at offset 0 and would
-- otherwise be taken for what has landed already.
CREATE TABLE landed_topics (
    topic String,
    topic_id String,
    table String,
    recorded_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
ORDER BY (table, recorded_at);

-- Dead letters that were published again to where they came from: a row before (published = 0) and one after (1).
CREATE TABLE redrives (
    id String,
    topic LowCardinality(String),
    published Bool,
    redriven_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = MergeTree
ORDER BY (id, redriven_at);
