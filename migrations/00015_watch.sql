-- The second watcher: a process of plain SQL that never touches Temporal. Parts
-- say here that they are alive; what is wrong is one row from the moment that it
-- was seen until it was over. It works as a role of its own, which reads what a
-- late case shows and nothing that says who somebody is, beside the sealed
-- contacts of those whom it rings.

-- +goose Up
CREATE TABLE heartbeats (
    part     text        NOT NULL
        CONSTRAINT heartbeats_part_known CHECK (part IN ('api', 'worker', 'relay', 'temporal', 'line', 'watch')),
    instance text        NOT NULL,
    beat_at  timestamptz NOT NULL DEFAULT now(), -- real time
    PRIMARY KEY (part, instance)
) WITH (fillfactor = 50);

CREATE TABLE alarms (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL
        CONSTRAINT alarms_kind_known CHECK (kind IN ('INBOX_WAITING', 'CASE_UNACKNOWLEDGED', 'CASE_OVERDUE', 'MESSAGES_STUCK',
            'MEDIA_STUCK', 'API_SILENT', 'WORKER_SILENT', 'RELAY_SILENT', 'TEMPORAL_SILENT', 'LINE_SILENT', 'WATCH_SILENT',
            'DATABASE_AWAY')),
    subject     text        NOT NULL DEFAULT '', -- ID of the case that it is about; empty: a part or a queue
    runbook     text        NOT NULL,            -- file in docs/runbooks
    raised_at   timestamptz NOT NULL DEFAULT now(), -- real time, as all below
    rung_at     timestamptz,                     -- the latest ring
    rings       int         NOT NULL DEFAULT 0 CONSTRAINT alarms_rings_not_negative CHECK (rings >= 0),
    rung_to     text[]      NOT NULL DEFAULT '{}', -- members who were rung
    answered_at timestamptz,
    answered_by text        CONSTRAINT alarms_answered_by_a_member REFERENCES members (id),
    cleared_at  timestamptz,                     -- the condition ended
    told_at     timestamptz,                     -- who was rung has heard that it ended
    CONSTRAINT alarms_ring_has_its_time CHECK ((rings > 0) = (rung_at IS NOT NULL)),
    CONSTRAINT alarms_answer_is_whole CHECK ((answered_at IS NULL) = (answered_by IS NULL))
);

CREATE UNIQUE INDEX alarms_one_open ON alarms (kind, subject) WHERE cleared_at IS NULL;
CREATE INDEX alarms_to_tell ON alarms (kind) WHERE cleared_at IS NOT NULL AND told_at IS NULL AND rings > 0;

-- What is open and not well, however many cases have ended.
CREATE INDEX cases_unacknowledged ON cases (reported_at) WHERE ended_at IS NULL AND acked_at IS NULL AND state <> 'DUPLICATE';
CREATE INDEX media_pending ON media (at) WHERE state = 'PENDING';
-- The answers of the desk among all that people press.
CREATE INDEX inbox_pressed ON inbox (reporter_id, stored_at) WHERE word = 'PRESSED';

-- A role belongs to the cluster, and several databases may live there. Who may
-- not create roles (docker-compose.yml) finds it made.
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ess_watch') THEN
        CREATE ROLE ess_watch NOLOGIN;
        GRANT ess_watch TO CURRENT_USER;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN -- another database was quicker
        NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'as a superuser first: CREATE ROLE ess_watch NOLOGIN; GRANT ess_watch TO %', current_user;
END
$$;
-- +goose StatementEnd
GRANT SELECT (id, state, reported_at, sent_at, acked_at, ended_at, next_deadline) ON cases TO ess_watch;
GRANT SELECT (id, event_id, reporter_id, case_id, word, said_sealed, stored_at, handed_at) ON inbox TO ess_watch;
GRANT SELECT (id, level, state, on_duty, language, line_user_sealed, line_hash) ON members TO ess_watch;
GRANT SELECT (case_id, recipient, outcome) ON deliveries TO ess_watch;
GRANT SELECT (state, at) ON media TO ess_watch;
GRANT SELECT, INSERT, UPDATE, DELETE ON heartbeats TO ess_watch;
GRANT SELECT, INSERT, UPDATE ON alarms TO ess_watch;
