-- What LINE needs beside cases. The photo that a person sent stays sealed as it
-- came, because it may be evidence; what is handed out is a copy without the
-- place, time and owner that a camera writes into it. A unit may have a LINE
-- group, which hears that there is a new case and nothing else. And every duty
-- desk is asked from time to time whether its phone is heard.

-- +goose Up
ALTER TABLE media
    ADD COLUMN sha256 bytea, -- of the content as it came
    ADD COLUMN bare   boolean NOT NULL DEFAULT false; -- the copy that is handed out holds the picture only

CREATE TABLE unit_groups (
    unit_id      text        PRIMARY KEY CONSTRAINT unit_groups_unit_exists REFERENCES units (id),
    group_sealed bytea       NOT NULL,
    group_hash   text        NOT NULL,
    linked_by    text        NOT NULL CONSTRAINT unit_groups_member_exists REFERENCES members (id), -- the duty desk that asked for it
    linked_at    timestamptz NOT NULL
);

CREATE INDEX unit_groups_group ON unit_groups (group_hash);

ALTER TABLE members ADD COLUMN tested_at timestamptz; -- the latest communication test that was sent to the desk
