-- What would have kept a rule quiet, and how many alerts quiet hours have held back before this one.
ALTER TABLE alerts ADD COLUMN removal_of LowCardinality(String) AFTER samples;
ALTER TABLE alerts ADD COLUMN removal Map(LowCardinality(String), Int64) AFTER removal_of;
ALTER TABLE alerts ADD COLUMN removal_note String AFTER removal;
ALTER TABLE alerts ADD COLUMN held Int64 AFTER removal_note;
