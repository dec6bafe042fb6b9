-- Who can be reached. One line of help in a while is all that a number hears that
-- writes what we cannot act on; and every morning somebody learns of the people
-- in a ladder who cannot be reached, and of the ladders that end at nobody.

-- +goose Up
ALTER TABLE threads ADD COLUMN helped_at timestamptz; -- real time: the latest line of help

CREATE TABLE mornings (
    day          date        PRIMARY KEY, -- in Thailand, case time
    leased_until timestamptz NOT NULL,    -- real time: one worker makes the list
    people       int,
    ladders      int,
    told_at      timestamptz,             -- case time: desk and mailbox have it; null: not yet
    CONSTRAINT mornings_are_counted CHECK ((told_at IS NULL) = (people IS NULL) AND (told_at IS NULL) = (ladders IS NULL))
);
