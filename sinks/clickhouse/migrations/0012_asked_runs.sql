-- Which request a run answers; null: it was due.
ALTER TABLE runs ADD COLUMN request_id Nullable(String) AFTER error;
