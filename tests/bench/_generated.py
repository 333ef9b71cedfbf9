"""Mentions made inside the engine, by number, with the distributions that live ones have: for benches of tables."""

DAYS = 60
START = "2026-06-01 00:00:00"

WORDS = 20_000
"""Words of the vocabulary; the n-th is used about as often as 1/n of the first (Zipf)."""

_SYLLABLES = [
    "ba",
    "ca",
    "da",
    "fa",
    "ga",
    "ha",
    "ja",
    "ka",
    "la",
    "ma",
    "na",
    "pa",
    "ra",
    "sa",
    "ta",
    "wa",
    "ya",
    "ang",
    "eng",
    "ing",
    "ong",
    "ung",
    "ber",
    "men",
    "per",
    "ter",
    "kan",
    "lah",
    "nya",
    "an",
]

_VOCABULARY = f"""
SELECT groupArray(arrayStringConcat(arrayMap(i -> {_SYLLABLES}[1 + sipHash64(number, i) % {len(_SYLLABLES)}],
                                             range(2 + sipHash64(number, 'n') % 3))))
FROM numbers({WORDS})
"""

MENTIONS = f"""
WITH
    ({_VOCABULARY}) AS words,
    (n, salt) -> (sipHash64(n, salt) % 1000003) / 1000003 AS u,
    (n, salt, most) -> toUInt32(pow(most, u(n, salt))) AS zipf
SELECT
    concat(platform, ':', toString(1900000000000000000 + number * 7 + sipHash64(number, 'id') % 7)) AS id,
    multiIf(u(number, 'p') < 0.55, 'x', u(number, 'p') < 0.75, 'news', u(number, 'p') < 0.9, 'youtube',
            u(number, 'p') < 0.97, 'reddit', 'kaskus') AS platform,
    if(platform = 'news', concat('outlet', toString(zipf(number, 's', 25))), platform) AS source,
    if(platform = 'news', 'article', if(u(number, 'k') < 0.4, 'comment', 'post')) AS kind,
    if(platform = 'news', concat('https://', source, '.example/berita/', toString(sipHash64(number, 'url'))), NULL) AS url,
    if(platform = 'news', arrayStringConcat(arrayMap(i -> words[zipf(number * 64 + i, 't', {WORDS})],
                                                     range(6 + number % 7)), ' '), NULL) AS title,
    arrayStringConcat(arrayMap(i -> words[zipf(number * 64 + i, 'w', {WORDS})],
                               range(5 + toUInt32(45 * pow(u(number, 'l'), 2)))), ' ') AS text,
    'id' AS lang,
    if(platform = 'news', NULL, toString(10000000 + cityHash64(zipf(number, 'a', 300000)) % 900000000)) AS author_id,
    if(platform = 'news', NULL, concat('Nama ', toString(zipf(number, 'a', 300000)))) AS author_name,
    if(platform = 'news', NULL, concat('akun', toString(zipf(number, 'a', 300000)))) AS author_handle,
    if(platform = 'news', NULL, toInt64(2000000 / zipf(number, 'a', 300000)) + number % 3) AS author_followers,
    NULL AS author_verified,
    if(platform = 'news', NULL, toInt64(zipf(number, 'likes', 3000)) - 1) AS likes,
    if(platform = 'news', NULL, toInt64(zipf(number, 'shares', 300)) - 1) AS shares,
    if(platform = 'news', NULL, toInt64(zipf(number, 'comments', 200)) - 1) AS comments,
    NULL AS views,
    NULL AS parent_id,
    [] :: Array(String) AS matched,
    arrayMap(i -> concat('S', toString(zipf(number, i, 60)), '.JK'), range(if(u(number, 'y') < 0.3, 1, 0))) AS symbols,
    event_at AS published_at,
    'second' AS published_precision,
    fromUnixTimestamp64Milli(toInt64(toUnixTimestamp('{START}', 'UTC') * 1000
        + number * {{step:Float64}} + (sipHash64(number, 'e') % 60000)), 'UTC') AS event_at,
    addMilliseconds(event_at, toInt64(1000 + zipf(number, 'c', 600000))) AS collected_at,
    'x' AS collector,
    if(u(number, 'g') < 0.93, 'id', 'en') AS language,
    multiIf(positive >= negative AND positive >= neutral, 'positive', negative >= neutral, 'negative', 'neutral') AS sentiment,
    toFloat32(greatest(positive, negative, neutral)) AS confidence,
    toFloat32(exp(3 * u(number, 'pos')) / total) AS positive,
    toFloat32(exp(3 * u(number, 'neg')) / total) AS negative,
    toFloat32(exp(4 * u(number, 'neu')) / total) AS neutral,
    ['anger', 'fear', 'joy', 'love', 'sadness', 'neutral'][1 + sipHash64(number, 'm') % 6] AS emotion,
    toFloat32(0.2 + 0.8 * u(number, 'ec')) AS emotion_confidence,
    CAST((['anger', 'fear', 'joy', 'love', 'sadness', 'neutral'],
          arrayMap(i -> toFloat32(u(number, i) / 3), range(6))), 'Map(String, Float32)') AS emotions,
    arrayMap(i -> concat('k', toString(zipf(number * 4 + i, 'kw', 60))), range(zipf(number, 'kn', 4) - 1)) AS keywords,
    arrayMap(i -> words[zipf(number * 4 + i, 'h', 5000)], range(zipf(number, 'hn', 4) - 1)) AS hashtags,
    toInt64(sipHash64(number, 'f')) AS fingerprint,
    0 AS truncated,
    '2026-11-01' AS model_version,
    addMilliseconds(collected_at, 20 + sipHash64(number, 'en') % 500) AS enriched_at,
    'denyut.posts' AS origin_topic,
    toInt32(number % 4) AS origin_partition,
    toInt64(intDiv(number, 4)) AS origin_offset,
    toInt32(number % 4) AS kafka_partition,
    toInt64(intDiv(number, 4) + intDiv(number, 400)) AS kafka_offset,
    addMilliseconds(enriched_at, 200 + intDiv(number, 50) % 900) AS landed_at,
    exp(3 * u(number, 'pos')) + exp(3 * u(number, 'neg')) + exp(4 * u(number, 'neu')) AS total
FROM numbers({{first:UInt64}}, {{count:UInt64}})
"""
"""Columns of `mentions` (and `total`, which is none of them) for the numbers from `first` on, `step` milliseconds apart."""
