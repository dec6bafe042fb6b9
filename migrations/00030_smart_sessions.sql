-- Sign-ins to the volunteers' pages. What opens a session is random and only its
-- hash rests here, as does the hash of the ID token that vouched for it: a token
-- opens one session. An attempt to sign in is used once and lives for minutes.

-- +goose Up
CREATE TABLE smart_attempts (
    state_hash   bytea       PRIMARY KEY,
    browser_hash bytea       NOT NULL, -- of the cookie of who began it
    nonce        text        NOT NULL,
    verifier     text        NOT NULL,
    until_at     timestamptz NOT NULL
);
CREATE INDEX smart_attempts_over ON smart_attempts (until_at);

CREATE TABLE smart_sessions (
    token_hash bytea       PRIMARY KEY,
    member_id  text        NOT NULL CONSTRAINT smart_sessions_member_exists REFERENCES members (id),
    proof_hash bytea       NOT NULL CONSTRAINT smart_sessions_proof_is_used_once UNIQUE,
    opened_at  timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT smart_sessions_seen_after_opened CHECK (seen_at >= opened_at)
);
CREATE INDEX smart_sessions_of_member ON smart_sessions (member_id) WHERE ended_at IS NULL;
CREATE INDEX smart_sessions_by_age ON smart_sessions (opened_at);
