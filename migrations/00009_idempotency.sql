-- A caller of the API who repeats a request with the same key gets the first
-- answer again. The answer may be personal, so it is sealed.

-- +goose Up
CREATE TABLE idempotency (
    scope           text        NOT NULL, -- caller and route
    key             text        NOT NULL,
    request_hash    text        NOT NULL,
    status          int, -- null: the first request is still running
    response_sealed bytea,
    claimed_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key),
    CONSTRAINT idempotency_answer_is_whole CHECK ((status IS NULL) = (response_sealed IS NULL))
);

CREATE INDEX idempotency_by_age ON idempotency (claimed_at);
