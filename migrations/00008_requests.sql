-- What is not urgent gets a number in the queue of 1300 instead of a dead end.

-- +goose Up
CREATE TABLE requests (
    number      bigserial   PRIMARY KEY,
    event_id    text        NOT NULL CONSTRAINT requests_asked_once UNIQUE,
    reporter_id text        NOT NULL CONSTRAINT requests_reporter_exists REFERENCES threads (reporter_id),
    at          timestamptz NOT NULL,
    answered_at timestamptz,
    answered_by text,
    CONSTRAINT requests_answer_is_whole CHECK ((answered_at IS NULL) = (answered_by IS NULL))
);

CREATE INDEX requests_open ON requests (number) WHERE answered_at IS NULL;
