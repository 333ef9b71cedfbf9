-- The latest revision of every window.
CREATE VIEW latest_trends AS
SELECT
    id,
    subject_kind,
    subject,
    platform,
    window,
    start,
    any(t.end) AS end,
    max(t.revision) AS revision,
    argMax(t.mentions, t.revision) AS mentions,
    argMax(t.copies, t.revision) AS copies,
    argMax(t.authors, t.revision) AS authors,
    argMax(t.positive, t.revision) AS positive,
    argMax(t.negative, t.revision) AS negative,
    argMax(t.neutral, t.revision) AS neutral,
    argMax(t.engagement, t.revision) AS engagement,
    argMax(t.velocity, t.revision) AS velocity,
    argMax(t.score, t.revision) AS score,
    argMax(t.display_score, t.revision) AS display_score,
    argMax(t.baseline, t.revision) AS baseline,
    argMax(t.learnt, t.revision) AS learnt,
    argMax(t.terms, t.revision) AS terms,
    argMax(t.sources, t.revision) AS sources,
    argMax(t.samples, t.revision) AS samples,
    argMax(t.closed, t.revision) AS closed,
    argMax(t.late, t.revision) AS late,
    argMax(t.computed_at, t.revision) AS computed_at
FROM trends AS t
GROUP BY id, subject_kind, subject, platform, window, start;

-- The keywords as they are now.
CREATE VIEW latest_keywords AS
SELECT
    id,
    argMax(k.text, k.kafka_offset) AS text,
    argMax(k.category, k.kafka_offset) AS category,
    argMax(k.priority, k.kafka_offset) AS priority,
    argMax(k.active, k.kafka_offset) AS active,
    argMax(k.languages, k.kafka_offset) AS languages,
    argMax(k.updated_at, k.kafka_offset) AS updated_at
FROM keywords AS k
GROUP BY id
HAVING NOT argMax(k.deleted, k.kafka_offset);

-- What the receipts say became of the posts of a source and hour of collection, against the mentions that landed.
-- source is platform/source; difference is what landed too little (or, negative, too much).
CREATE VIEW ledger AS
SELECT
    source,
    hour,
    sum(n) AS collected,
    sumIf(n, outcome = 'mention') AS mentions,
    sumIf(n, outcome = 'repeat') AS repeats,
    sumIf(n, outcome = 'dead_letter') AS dead_letters,
    sum(landed_rows) AS landed,
    mentions - landed AS difference
FROM (
    SELECT
        CAST(c.source, 'String') AS source,
        c.hour AS hour,
        CAST(c.outcome, 'String') AS outcome,
        c.count AS n,
        toInt64(0) AS landed_rows
    FROM receipts
    ARRAY JOIN counts AS c
    UNION ALL
    SELECT
        concat(platform, '/', m.source) AS source,
        toStartOfInterval(collected_at, INTERVAL 1 HOUR) AS hour,
        '' AS outcome,
        toInt64(0) AS n,
        toInt64(count()) AS landed_rows
    FROM mentions AS m
    GROUP BY source, hour
)
GROUP BY source, hour;

-- Receipts in the order of the offsets they cover. gap is 0 where one follows the one before it, positive for a hole,
-- negative for an overlap; the first of a partition has gap 0.
CREATE VIEW receipt_tiling AS
SELECT
    partition,
    first_offset,
    last_offset,
    records,
    first_offset - lagInFrame(last_offset + 1, 1, first_offset) OVER (
        PARTITION BY partition ORDER BY first_offset, last_offset
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS gap
FROM receipts;
