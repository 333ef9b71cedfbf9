-- Figures kept ready for analysts, each filled by a materialised view. Keys and rules as in 0002_sentiment_metrics.sql:
-- collected_on for whole partitions, kafka_partition so that what a target lost can be told and put back (ADR 4).
-- Nothing here depends on the order in which rows come: what is not a sum is the value at the least or greatest of
-- something that is in the event itself.

-- Mentions of a hashtag (folded, without #) per hour of event time and platform. Of one mention each hashtag counts once.
CREATE TABLE hashtags (
    hour DateTime('UTC'),
    platform LowCardinality(String),
    hashtag String,
    collected_on Date,
    kafka_partition Int32,
    mentions UInt64,
    engagement UInt64,
    positive UInt64,
    negative UInt64
) ENGINE = SummingMergeTree((mentions, engagement, positive, negative))
PARTITION BY toYYYYMM(collected_on)
ORDER BY (hour, hashtag, platform, collected_on, kafka_partition)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW hashtags_from_mentions TO hashtags AS
SELECT
    toStartOfHour(toDateTime(m.event_at, 'UTC')) AS hour,
    m.platform AS platform,
    hashtag,
    toDate(m.collected_at) AS collected_on,
    m.kafka_partition AS kafka_partition,
    toUInt64(count()) AS mentions,
    toUInt64(sum(ifNull(m.likes, 0) + ifNull(m.shares, 0) + ifNull(m.comments, 0))) AS engagement,
    toUInt64(countIf(m.sentiment = 'positive')) AS positive,
    toUInt64(countIf(m.sentiment = 'negative')) AS negative
FROM mentions AS m
ARRAY JOIN arrayDistinct(m.hashtags) AS hashtag
GROUP BY hour, platform, hashtag, collected_on, kafka_partition;

-- What an author said per day of event time (UTC) and platform. author is the native id, or else the handle, or else
-- the name; mentions without any of them are left out. What is known of the author is as it was collected last, of two
-- at the same millisecond the one of the greater offset: one number for the engine to compare, half the work of a tuple.
-- Read it from the view `influencers`.
CREATE TABLE author_days (
    day Date,
    platform LowCardinality(String),
    author String,
    collected_on Date,
    kafka_partition Int32,
    mentions SimpleAggregateFunction(sum, UInt64),
    engagement SimpleAggregateFunction(sum, UInt64),
    views SimpleAggregateFunction(sum, UInt64),
    positive SimpleAggregateFunction(sum, UInt64),
    negative SimpleAggregateFunction(sum, UInt64),
    followers AggregateFunction(argMax, Nullable(Int64), Int128) CODEC(ZSTD(1)),
    handle AggregateFunction(argMax, Nullable(String), Int128) CODEC(ZSTD(1)),
    name AggregateFunction(argMax, Nullable(String), Int128) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(collected_on)
ORDER BY (day, platform, author, collected_on, kafka_partition)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW author_days_from_mentions TO author_days AS
WITH bitShiftLeft(toInt128(toUnixTimestamp64Milli(m.collected_at)), 80)
    + bitShiftLeft(toInt128(m.kafka_offset), 16) + m.kafka_partition AS rank
SELECT
    toDate(m.event_at) AS day,
    m.platform AS platform,
    assumeNotNull(coalesce(m.author_id, m.author_handle, m.author_name)) AS author,
    toDate(m.collected_at) AS collected_on,
    m.kafka_partition AS kafka_partition,
    toUInt64(count()) AS mentions,
    toUInt64(sum(ifNull(m.likes, 0) + ifNull(m.shares, 0) + ifNull(m.comments, 0))) AS engagement,
    toUInt64(sum(ifNull(m.views, 0))) AS views,
    toUInt64(countIf(m.sentiment = 'positive')) AS positive,
    toUInt64(countIf(m.sentiment = 'negative')) AS negative,
    argMaxState(m.author_followers, rank) AS followers,
    argMaxState(m.author_handle, rank) AS handle,
    argMaxState(m.author_name, rank) AS name
FROM mentions AS m
WHERE coalesce(m.author_id, m.author_handle, m.author_name, '') != ''
GROUP BY day, platform, author, collected_on, kafka_partition;

CREATE VIEW influencers AS
SELECT
    day,
    platform,
    author,
    sum(a.mentions) AS mentions,
    sum(a.engagement) AS engagement,
    sum(a.views) AS views,
    sum(a.positive) AS positive,
    sum(a.negative) AS negative,
    argMaxMerge(a.followers) AS followers,
    argMaxMerge(a.handle) AS handle,
    argMaxMerge(a.name) AS name
FROM author_days AS a
GROUP BY day, platform, author;

-- Open, high, low and close of the quotes of a minute of market time, however late they came: of two prices of one
-- millisecond the one collected last counts, then the one with the greater offset. ticks counts each market time once.
-- Read it from the view `quote_bars`. (The table `bars` has what `market` made of quotes and candles together.)
CREATE TABLE quote_minutes (
    symbol LowCardinality(String),
    minute DateTime('UTC'),
    collected_on Date,
    kafka_partition Int32,
    open AggregateFunction(argMin, Float64, Tuple(DateTime64(3, 'UTC'), Int64, Int64)),
    high SimpleAggregateFunction(max, Float64),
    low SimpleAggregateFunction(min, Float64),
    close AggregateFunction(argMax, Float64, Tuple(DateTime64(3, 'UTC'), Int64, Int64)),
    day_volume SimpleAggregateFunction(max, Nullable(Int64)),
    ticks AggregateFunction(uniqExact, DateTime64(3, 'UTC'))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(collected_on)
ORDER BY (symbol, minute, collected_on, kafka_partition)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW quote_minutes_from_quotes TO quote_minutes AS
SELECT
    q.symbol AS symbol,
    toStartOfMinute(toDateTime(q.market_time, 'UTC')) AS minute,
    toDate(q.collected_at) AS collected_on,
    q.kafka_partition AS kafka_partition,
    argMinState(q.price, (q.market_time, -toUnixTimestamp64Milli(q.collected_at), -q.kafka_offset)) AS open,
    max(q.price) AS high,
    min(q.price) AS low,
    argMaxState(q.price, (q.market_time, toUnixTimestamp64Milli(q.collected_at), q.kafka_offset)) AS close,
    max(q.day_volume) AS day_volume,
    uniqExactState(q.market_time) AS ticks
FROM quotes AS q
GROUP BY symbol, minute, collected_on, kafka_partition;

CREATE VIEW quote_bars AS
SELECT
    symbol,
    minute,
    argMinMerge(b.open) AS open,
    max(b.high) AS high,
    min(b.low) AS low,
    argMaxMerge(b.close) AS close,
    max(b.day_volume) AS day_volume,
    uniqExactMerge(b.ticks) AS ticks
FROM quote_minutes AS b
GROUP BY symbol, minute;
