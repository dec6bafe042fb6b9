-- What arrived, whole and sealed, before anybody is told that it arrived. Every
-- row that concerns a case has the next number of that case, without gaps; the
-- case's workflow reads them in order and remembers one number.

-- +goose Up
CREATE TABLE inbox (
    id           bigserial   PRIMARY KEY,
    event_id     text        NOT NULL CONSTRAINT inbox_arrives_once UNIQUE,
    reporter_id  text        CONSTRAINT inbox_reporter_exists REFERENCES threads (reporter_id), -- null: nobody who can have a case
    case_id      uuid        CONSTRAINT inbox_case_exists REFERENCES cases (id),
    n            int,
    door         text        NOT NULL
        CONSTRAINT inbox_door_known CHECK (door IN ('OPENS', 'JOINS', 'ANSWERS', 'NEITHER')),
    word         text        NOT NULL
        CONSTRAINT inbox_word_known CHECK (word IN ('TAPPED', 'SENT_LOCATION', 'SAID', 'SENT_MEDIA', 'PRESSED', 'UNSENT',
            'FOLLOWED', 'BLOCKED', 'CALLED', 'CASE_SPOKE', 'UNKNOWN')),
    raw_sealed   bytea,                -- as the channel sent it; null: not from a channel
    said_sealed  bytea       NOT NULL, -- casefile.Incoming
    received_at  timestamptz NOT NULL, -- case time
    stored_at    timestamptz NOT NULL DEFAULT now(), -- real time, for the relay and the watcher
    leased_until timestamptz,
    handed_at    timestamptz, -- the workflow knows of it
    CONSTRAINT inbox_numbered_in_its_case CHECK ((case_id IS NULL) = (n IS NULL)),
    CONSTRAINT inbox_neither_has_no_case CHECK ((door = 'NEITHER') = (case_id IS NULL)),
    CONSTRAINT inbox_number_once UNIQUE (case_id, n)
);

CREATE INDEX inbox_not_handed_over ON inbox (id) WHERE handed_at IS NULL AND case_id IS NOT NULL;
