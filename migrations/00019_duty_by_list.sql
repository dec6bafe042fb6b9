-- A roster that is imported says who is on duty, too. It is written down like
-- every other change, so that "who was on call then" is never a guess.

-- +goose Up
ALTER TABLE duty_changes DROP CONSTRAINT duty_changes_source_known;
ALTER TABLE duty_changes ADD CONSTRAINT duty_changes_source_known CHECK (source IN ('SHIFT', 'COVER', 'HAND', 'LIST'));
