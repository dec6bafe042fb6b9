-- A 191 screen that exists already is told of every pin by signed webhooks. Each
-- feed keeps its own place in the stream of changes, so that a restart goes on
-- where the last delivery ended, and one slow screen holds up no other.

-- +goose Up
CREATE TABLE feeds (
    id            uuid        PRIMARY KEY,
    province      text        NOT NULL CONSTRAINT feeds_province_two_digits CHECK (province ~ '^[0-9]{2}$'),
    target_sealed bytea       NOT NULL, -- address and signing secret
    added_by      text        NOT NULL,
    added_at      timestamptz NOT NULL, -- case time
    after_tx      xid8        NOT NULL, -- everything up to here has been delivered
    after_pos     bigint      NOT NULL,
    failures      int         NOT NULL DEFAULT 0, -- in a row
    failing_since timestamptz, -- case time
    fault         text,        -- of the last try: a code, never what the screen said
    due_at        timestamptz NOT NULL DEFAULT now(), -- real time; not tried before
    leased_until  timestamptz, -- real time
    lease         uuid,        -- of the one sender
    CONSTRAINT feeds_failure_is_whole CHECK ((failures > 0) = (failing_since IS NOT NULL) AND (failures > 0) = (fault IS NOT NULL)),
    CONSTRAINT feeds_lease_is_whole CHECK ((lease IS NULL) = (leased_until IS NULL))
) WITH (fillfactor = 50);
