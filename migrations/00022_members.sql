-- Members who join by themselves, and whom a case must never reach. When the
-- alleged belongs to an organisation, all of it is blind to the case; schools,
-- health centres, volunteer groups and programmes are units, too, that no ladder asks.

-- +goose Up
ALTER TABLE case_events DROP CONSTRAINT case_events_kind_known;
ALTER TABLE case_events ADD CONSTRAINT case_events_kind_known CHECK (kind IN ('REPORTED', 'PIN_SET', 'PIN_MOVED', 'PROVINCE_SET', 'PHONE_GIVEN', 'NO_CALL_ASKED',
    'REPORTER_ADDED', 'MESSAGE_UNSENT', 'CANCEL_REQUESTED', 'SAFE_SAID', 'CHECK_IN_ASKED', 'CHECK_IN_ANSWERED',
    'CARD_ANSWERED', 'REPORTER_BLOCKED', 'REPORTER_ASKED', 'QUESTION_ASKED', 'OFFERED', 'ESCALATED', 'NOBODY_NOTIFIED', 'ACKNOWLEDGED',
    'ACCEPTED', 'DECLINED', 'CAME_LATE', 'SEARCH_REOPENED', 'TRANSFERRED', 'ROLE_ADDED', 'SEVERITY_SET', 'CHILD_SET',
    'RADIO_SEEN', 'RADIO_UNREAD', 'DEPARTED', 'ARRIVED', 'CANNOT_FIND', 'ASSIST_ASKED', 'RELEASED', 'CONTROLLED',
    'DESK_RAISED', 'DESK_TAKEN', 'DESK_RESOLVED', 'NOTED', 'EXCLUDED', 'CENTRE_ASKED', 'CENTRE_TOOK', 'JOIN_ASKED', 'JOINED', 'REPORT_JOINED', 'SPLIT',
    'LEAD_ACKED', 'LEAD_ENDED', 'LINKED', 'SAME_PLACE', 'HANDOVER_OFFERED', 'HANDOVER_ACCEPTED', 'HANDOVER_DECLINED',
    'HANDOVER_TIMED_OUT', 'CLOSE_PROPOSED', 'CLOSED', 'FALSE_PROPOSED', 'FALSE_REPORT', 'REOPENED', 'LATE_RECORDED',
    'CARE_OPENED', 'CARE_BEGAN', 'MANAGER_SET', 'TEAM_SET', 'ASSESSED', 'PLAN_SET', 'PLAN_DECIDED', 'OWED', 'SETTLED', 'HELP_ASKED',
    'DUE_MOVED', 'CHASED', 'REFERRED', 'REFERRAL_ANSWERED', 'CONSENT_SET', 'CONTACT_SET', 'OFFICE_ASKED', 'OFFICE_ANSWERED',
    'CARE_REOPENED', 'RATED'));

ALTER TABLE units DROP CONSTRAINT units_level_known;
ALTER TABLE units ADD CONSTRAINT units_level_known CHECK (level IN ('NEAR', 'STATION', 'NEXT_STATION', 'RADIO_191', 'POLICE_REGION',
    'RTP_NATIONAL', 'MSDHS_DUTY', 'MSDHS_PROVINCE', 'HUSEC', 'MSDHS_NATIONAL', 'SHELTER', 'EMS', 'DESK', 'ORGANISATION'));
ALTER TABLE members DROP CONSTRAINT members_level_known;
ALTER TABLE members ADD CONSTRAINT members_level_known CHECK (level IN ('', 'NEAR', 'STATION', 'NEXT_STATION', 'RADIO_191', 'POLICE_REGION',
    'RTP_NATIONAL', 'MSDHS_DUTY', 'MSDHS_PROVINCE', 'HUSEC', 'MSDHS_NATIONAL', 'SHELTER', 'EMS', 'DESK', 'ORGANISATION'));

-- The second watcher rings nobody about a case that must not reach them.
GRANT SELECT (case_id, member_id, unit_id) ON conflicts TO ess_watch;
GRANT SELECT (unit_id) ON members TO ess_watch;

-- Who wants to be a member, and until when somebody is. Name, place and LINE
-- account rest sealed until the verifier has decided; then the roster has them.
ALTER TABLE members
    ADD COLUMN verifies    boolean NOT NULL DEFAULT false, -- decides who is a member of the unit
    ADD COLUMN valid_until timestamptz;                    -- case time; null: as long as the roster says

CREATE TABLE registrations (
    id             uuid        PRIMARY KEY,
    member_id      text        NOT NULL CONSTRAINT registrations_one_per_member UNIQUE,
    reporter_id    text        NOT NULL CONSTRAINT registrations_one_per_person UNIQUE
        CONSTRAINT registrations_person_exists REFERENCES threads (reporter_id),
    unit_id        text        NOT NULL CONSTRAINT registrations_unit_exists REFERENCES units (id),
    province       text        NOT NULL DEFAULT '',
    state          text        NOT NULL
        CONSTRAINT registrations_state_known CHECK (state IN ('PENDING', 'ACTIVE', 'SUSPENDED', 'EXPIRED', 'RESIGNED', 'REJECTED')),
    waits          boolean     NOT NULL, -- for somebody's decision
    version        int         NOT NULL CONSTRAINT registrations_version_positive CHECK (version > 0),
    asked_at       timestamptz NOT NULL,
    call_at        timestamptz, -- case time: when something is to be done next
    doc            jsonb       NOT NULL, -- casefile.Registration
    private_sealed bytea       NOT NULL,
    CONSTRAINT registrations_pending_are_called CHECK (state <> 'PENDING' OR call_at IS NOT NULL)
);

CREATE INDEX registrations_waiting ON registrations (province, asked_at, id) WHERE waits;
CREATE INDEX registrations_due ON registrations (call_at) WHERE call_at IS NOT NULL;

-- What somebody who is joining has answered so far.
CREATE TABLE registration_talks (
    reporter_id text        PRIMARY KEY CONSTRAINT registration_talks_person_exists REFERENCES threads (reporter_id),
    doc_sealed  bytea       NOT NULL,
    until       timestamptz NOT NULL -- case time
);

-- Who must be told of a membership; written with the change itself, so that a crash forgets nobody.
CREATE TABLE member_notices (
    id              bigserial   PRIMARY KEY,
    member_id       text        CONSTRAINT member_notices_member_exists REFERENCES members (id),
    registration_id uuid        CONSTRAINT member_notices_registration_exists REFERENCES registrations (id), -- whom it is about, or who is told
    template        text        NOT NULL,
    reason          text        NOT NULL DEFAULT '',
    at              timestamptz NOT NULL, -- case time
    outcome         text
        CONSTRAINT member_notices_outcome_known CHECK (outcome IN ('ACCEPTED', 'REFUSED', 'QUOTA', 'NO_CONTACT', 'WITHHELD', 'UNKNOWN',
            'STALE', 'FAILED')),
    CONSTRAINT member_notices_tell_somebody CHECK (member_id IS NOT NULL OR registration_id IS NOT NULL)
);

CREATE INDEX member_notices_untold ON member_notices (id) WHERE outcome IS NULL;
