-- Who is on call and who was. A unit's schedule says who should be; what became
-- of it is written down as it happens and never changed, so that the question
-- "who was on call then" has the same answer after every edit.

-- +goose Up
CREATE TABLE duty_schedules (
    unit_id text        PRIMARY KEY CONSTRAINT duty_schedules_unit_exists REFERENCES units (id),
    doc     jsonb       NOT NULL, -- dispatch.Schedule
    set_at  timestamptz NOT NULL, -- case time
    due_at  timestamptz NOT NULL  -- case time: when somebody must look whether duty changes
) WITH (fillfactor = 50);

CREATE INDEX duty_schedules_due ON duty_schedules (due_at);

CREATE TABLE duty_overrides (
    id           uuid        PRIMARY KEY,
    unit_id      text        NOT NULL CONSTRAINT duty_overrides_schedule_exists REFERENCES duty_schedules (unit_id),
    pos          bigserial   NOT NULL, -- the later one wins
    member_id    text        CONSTRAINT duty_overrides_member_exists REFERENCES members (id), -- null: beside the others
    cover_id     text        CONSTRAINT duty_overrides_cover_exists REFERENCES members (id),  -- null: nobody stands in
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL,
    withdrawn_at timestamptz, -- as if it had never been
    CONSTRAINT duty_overrides_span_is_forward CHECK (from_at < to_at),
    CONSTRAINT duty_overrides_say_something CHECK (member_id IS NOT NULL OR cover_id IS NOT NULL)
);

CREATE INDEX duty_overrides_in_force ON duty_overrides (unit_id, to_at) WHERE withdrawn_at IS NULL;

CREATE TABLE duty_changes (
    id        bigserial   PRIMARY KEY,
    unit_id   text        NOT NULL CONSTRAINT duty_changes_unit_exists REFERENCES units (id),
    member_id text        NOT NULL CONSTRAINT duty_changes_member_exists REFERENCES members (id),
    at        timestamptz NOT NULL, -- case time
    on_duty   boolean     NOT NULL,
    source    text        NOT NULL
        CONSTRAINT duty_changes_source_known CHECK (source IN ('SHIFT', 'COVER', 'HAND'))
);

CREATE INDEX duty_changes_by_member ON duty_changes (unit_id, member_id, id);

CREATE TRIGGER duty_changes_append_only BEFORE UPDATE OR DELETE ON duty_changes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER duty_changes_never_emptied BEFORE TRUNCATE ON duty_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Shifts that have nobody.
CREATE TABLE duty_gaps (
    id       bigserial   PRIMARY KEY,
    unit_id  text        NOT NULL CONSTRAINT duty_gaps_unit_exists REFERENCES units (id),
    since    timestamptz NOT NULL, -- case time
    ended_at timestamptz
);

CREATE UNIQUE INDEX duty_gaps_one_open ON duty_gaps (unit_id) WHERE ended_at IS NULL;

-- Who must be told that duty begins, ends, or is kept by nobody; written with
-- the change itself, so that a crash forgets nobody.
CREATE TABLE duty_notices (
    id        bigserial   PRIMARY KEY,
    unit_id   text        NOT NULL CONSTRAINT duty_notices_unit_exists REFERENCES units (id),
    member_id text        NOT NULL CONSTRAINT duty_notices_member_exists REFERENCES members (id),
    template  text        NOT NULL,
    at        timestamptz NOT NULL, -- case time
    until     timestamptz,          -- the end of the shift that begins
    outcome   text        -- null: not told yet
        CONSTRAINT duty_notices_outcome_known CHECK (outcome IN ('ACCEPTED', 'REFUSED', 'QUOTA', 'NO_CONTACT', 'WITHHELD', 'UNKNOWN'))
);

CREATE INDEX duty_notices_untold ON duty_notices (id) WHERE outcome IS NULL;

-- The address of a member's calendar feed holds a random token, of which only the hash is kept.
CREATE TABLE duty_calendars (
    member_id  text  PRIMARY KEY CONSTRAINT duty_calendars_member_exists REFERENCES members (id),
    token_hash bytea NOT NULL CONSTRAINT duty_calendars_token_is_one UNIQUE
);

-- Who changed a roster did not touch a case.
ALTER TABLE audit ALTER COLUMN case_id DROP NOT NULL;
