-- What collectors search for in place of a keyword's text, and from when on.
ALTER TABLE keywords ADD COLUMN query Nullable(String) AFTER languages;
ALTER TABLE keywords ADD COLUMN monitoring_start Nullable(DateTime64(3, 'UTC')) AFTER query;
