-- What a score was made of: the least mentions it asks for, the weight of the mentions, and of each memory what scores 0 and how much more scores 1.
ALTER TABLE trends ADD COLUMN least Int64 AFTER learnt;
ALTER TABLE trends ADD COLUMN weight Int64 AFTER least;
ALTER TABLE trends ADD COLUMN expected Array(Float64) AFTER weight;
ALTER TABLE trends ADD COLUMN spread Array(Float64) AFTER expected;

CREATE OR REPLACE VIEW latest_trends AS
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
    argMax(t.least, t.revision) AS least,
    argMax(t.weight, t.revision) AS weight,
    argMax(t.expected, t.revision) AS expected,
    argMax(t.spread, t.revision) AS spread,
    argMax(t.terms, t.revision) AS terms,
    argMax(t.sources, t.revision) AS sources,
    argMax(t.samples, t.revision) AS samples,
    argMax(t.closed, t.revision) AS closed,
    argMax(t.late, t.revision) AS late,
    argMax(t.computed_at, t.revision) AS computed_at
FROM trends AS t
GROUP BY id, subject_kind, subject, platform, window, start;
