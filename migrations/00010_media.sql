-- What people sent beside words: photos, voices, videos, files. LINE forgets its
-- copy, so ours is fetched at once. A row exists from the moment that the event
-- is recorded; the content follows, sealed. What its sender took back is hidden
-- by the record (MESSAGE_UNSENT), not erased here.

-- +goose Up
CREATE TABLE media (
    case_id        uuid        NOT NULL CONSTRAINT media_case_exists REFERENCES cases (id),
    seq            int         NOT NULL CONSTRAINT media_seq_positive CHECK (seq > 0), -- the event that says it arrived
    state          text        NOT NULL DEFAULT 'PENDING'
        CONSTRAINT media_state_known CHECK (state IN ('PENDING', 'KEPT', 'GONE', 'TOO_LARGE')),
    at             timestamptz NOT NULL, -- when it arrived, case time
    content_type   text        NOT NULL DEFAULT '', -- as the channel says; never believed
    bytes          int         NOT NULL DEFAULT 0,
    content_sealed bytea,
    PRIMARY KEY (case_id, seq),
    CONSTRAINT media_kept_has_content CHECK ((state = 'KEPT') = (content_sealed IS NOT NULL))
);
