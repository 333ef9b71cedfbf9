-- Prices, the bars made of them, and alerts. See 0001_landing.sql for the rules that every landed table keeps.

CREATE TABLE quotes (
    symbol LowCardinality(String),
    price Float64,
    change Nullable(Float64),
    day_volume Nullable(Int64),
    currency LowCardinality(String),
    exchange LowCardinality(String),
    market_time DateTime64(3, 'UTC'),
    collected_at DateTime64(3, 'UTC'),
    collector LowCardinality(String),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(collected_at)
ORDER BY (symbol, market_time, collected_at)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE bars (
    id String,
    symbol LowCardinality(String),
    interval LowCardinality(String),
    start DateTime64(3, 'UTC'),
    end DateTime64(3, 'UTC'),
    revision Int64,
    open Float64,
    high Float64,
    low Float64,
    close Float64,
    volume Int64,
    ticks Int64,
    closed Bool,
    late Int64,
    indicators Map(LowCardinality(String), Float64),
    signals Array(LowCardinality(String)),
    computed_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(computed_at)
ORDER BY (symbol, interval, start, revision)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE alerts (
    id String,
    rule_id LowCardinality(String),
    rule_revision Int64,
    owner Nullable(String),
    kind LowCardinality(String),
    severity LowCardinality(String),
    subject String,
    platform LowCardinality(String),
    window LowCardinality(String),
    start DateTime64(3, 'UTC'),
    end DateTime64(3, 'UTC'),
    observed Float64,
    expected Float64,
    score Float64,
    explanation String,
    terms Map(String, Int64),
    sources Map(LowCardinality(String), Int64),
    samples Array(String),
    fired_at DateTime64(3, 'UTC'),
    cooldown_until DateTime64(3, 'UTC'),
    computed_at DateTime64(3, 'UTC'),
    kafka_partition Int32,
    kafka_offset Int64,
    landed_at DateTime64(3, 'UTC')
) ENGINE = MergeTree
PARTITION BY toYYYYMM(computed_at)
ORDER BY (fired_at, id)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- The latest revision of every bar.
CREATE VIEW latest_bars AS
SELECT
    id,
    symbol,
    interval,
    start,
    any(b.end) AS end,
    max(b.revision) AS revision,
    argMax(b.open, b.revision) AS open,
    argMax(b.high, b.revision) AS high,
    argMax(b.low, b.revision) AS low,
    argMax(b.close, b.revision) AS close,
    argMax(b.volume, b.revision) AS volume,
    argMax(b.ticks, b.revision) AS ticks,
    argMax(b.closed, b.revision) AS closed,
    argMax(b.late, b.revision) AS late,
    argMax(b.indicators, b.revision) AS indicators,
    argMax(b.signals, b.revision) AS signals,
    argMax(b.computed_at, b.revision) AS computed_at
FROM bars AS b
GROUP BY id, symbol, interval, start;
