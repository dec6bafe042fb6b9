-- Taps without a pin are many, and nearly all of them curious. They stand in a
-- lane of the desk of their own, where one ring is for all that wait: this row
-- says when the desk was last rung for them, and by which event of which case, so
-- that cases that know nothing of each other ring once.

-- +goose Up
CREATE TABLE desk_rings (
    level   text        PRIMARY KEY, -- the level whose desk rings
    rung_at timestamptz NOT NULL,    -- case time
    case_id uuid        NOT NULL CONSTRAINT desk_rings_case_exists REFERENCES cases (id),
    seq     int         NOT NULL
);
