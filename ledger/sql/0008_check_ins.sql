-- Which request checked a ticket in: the same one, sent again because its answer was lost, is told the same and not
-- that somebody else has come with a copy.

ALTER TABLE tickets ADD COLUMN check_in text CHECK (check_in <> '');
ALTER TABLE tickets ADD CHECK (check_in IS NULL OR checked_in_ms IS NOT NULL);
