-- What follows an emergency, or what an office opened by itself. The case and its
-- events stay where they are; beside them stands what is owed by a date, for the
-- lists of those who owe it and of those who look after them.

-- +goose Up
ALTER TABLE cases DROP CONSTRAINT cases_type_known;
ALTER TABLE cases ADD CONSTRAINT cases_type_known -- empty: nobody rang; an office opened it
    CHECK (type IN ('', 'THREAT_ASSAULT', 'CONFINEMENT', 'SEXUAL_RISK', 'BERSERK', 'GATHERING'));
ALTER TABLE case_events DROP CONSTRAINT case_events_kind_known;
ALTER TABLE case_events ADD CONSTRAINT case_events_kind_known CHECK (kind IN ('REPORTED', 'PIN_SET', 'PIN_MOVED', 'PROVINCE_SET', 'PHONE_GIVEN', 'NO_CALL_ASKED',
    'REPORTER_ADDED', 'MESSAGE_UNSENT', 'CANCEL_REQUESTED', 'SAFE_SAID', 'CHECK_IN_ASKED', 'CHECK_IN_ANSWERED',
    'CARD_ANSWERED', 'REPORTER_BLOCKED', 'REPORTER_ASKED', 'QUESTION_ASKED', 'OFFERED', 'ESCALATED', 'NOBODY_NOTIFIED', 'ACKNOWLEDGED',
    'ACCEPTED', 'DECLINED', 'CAME_LATE', 'SEARCH_REOPENED', 'TRANSFERRED', 'ROLE_ADDED', 'SEVERITY_SET', 'CHILD_SET',
    'RADIO_SEEN', 'RADIO_UNREAD', 'DEPARTED', 'ARRIVED', 'CANNOT_FIND', 'ASSIST_ASKED', 'RELEASED', 'CONTROLLED',
    'DESK_RAISED', 'DESK_TAKEN', 'DESK_RESOLVED', 'NOTED', 'CENTRE_ASKED', 'CENTRE_TOOK', 'JOIN_ASKED', 'JOINED', 'REPORT_JOINED', 'SPLIT',
    'LEAD_ACKED', 'LEAD_ENDED', 'LINKED', 'SAME_PLACE', 'HANDOVER_OFFERED', 'HANDOVER_ACCEPTED', 'HANDOVER_DECLINED',
    'HANDOVER_TIMED_OUT', 'CLOSE_PROPOSED', 'CLOSED', 'FALSE_PROPOSED', 'FALSE_REPORT', 'REOPENED', 'LATE_RECORDED',
    'CARE_OPENED', 'CARE_BEGAN', 'MANAGER_SET', 'TEAM_SET', 'ASSESSED', 'PLAN_SET', 'PLAN_DECIDED', 'OWED', 'SETTLED', 'HELP_ASKED',
    'DUE_MOVED', 'CHASED', 'REFERRED', 'REFERRAL_ANSWERED', 'CONSENT_SET', 'CONTACT_SET', 'OFFICE_ASKED', 'OFFICE_ANSWERED',
    'CARE_REOPENED', 'RATED'));
ALTER TABLE inbox DROP CONSTRAINT inbox_word_known;
ALTER TABLE inbox ADD CONSTRAINT inbox_word_known CHECK (word IN ('TAPPED', 'SENT_LOCATION', 'SAID', 'SENT_MEDIA', 'PRESSED', 'UNSENT',
    'FOLLOWED', 'BLOCKED', 'CALLED', 'CASE_SPOKE', 'OPENED', 'UNKNOWN'));

-- One row for each case that is or was in follow-up.
CREATE TABLE care (
    case_id    uuid        PRIMARY KEY CONSTRAINT care_case_exists REFERENCES cases (id),
    owner      text        NOT NULL, -- unit
    manager    text        NOT NULL DEFAULT '', -- member; empty: nobody yet
    problem    text        NOT NULL,
    risk       text        NOT NULL DEFAULT ''
        CONSTRAINT care_risk_known CHECK (risk IN ('', 'HIGH', 'MEDIUM', 'LOW')),
    plan       text        NOT NULL DEFAULT ''
        CONSTRAINT care_plan_known CHECK (plan IN ('', 'PROPOSED', 'APPROVED', 'RETURNED')),
    province   text        NOT NULL,
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz -- the case has ended, or rings again
) WITH (fillfactor = 80);

CREATE INDEX care_open_by_owner ON care (owner, began_at, case_id) WHERE ended_at IS NULL;
CREATE INDEX care_open_by_manager ON care (manager, began_at, case_id) WHERE ended_at IS NULL;

CREATE TABLE obligations (
    case_id    uuid        NOT NULL CONSTRAINT obligations_case_exists REFERENCES cases (id),
    id         int         NOT NULL CONSTRAINT obligations_id_positive CHECK (id > 0),
    kind       text        NOT NULL
        CONSTRAINT obligations_kind_known CHECK (kind IN ('MANAGER', 'CONTACT', 'ASSESSMENT', 'PLAN', 'APPROVAL', 'TASK', 'VISIT', 'REVIEW',
            'REFERRAL', 'SERVICE', 'LEGAL', 'TRANSFER', 'HELP')),
    code       text        NOT NULL DEFAULT '',
    member_id  text        NOT NULL DEFAULT '', -- who owes it at the moment, the case manager where nobody else is named
    unit_id    text        NOT NULL, -- whose answer is owed, else the office that owns the case
    state      text        NOT NULL
        CONSTRAINT obligations_state_known CHECK (state IN ('OPEN', 'DONE', 'MISSED', 'REFUSED', 'UNABLE', 'REJECTED', 'DROPPED')),
    since      timestamptz NOT NULL,
    due_at     timestamptz NOT NULL, -- case time
    calls      int         NOT NULL DEFAULT 0,
    settled_at timestamptz,
    reason     text        NOT NULL DEFAULT '',
    province   text        NOT NULL,
    PRIMARY KEY (case_id, id),
    CONSTRAINT obligations_settled_has_its_time CHECK ((state = 'OPEN') = (settled_at IS NULL))
) WITH (fillfactor = 80);

CREATE INDEX obligations_open_by_member ON obligations (member_id, due_at, case_id, id) WHERE state = 'OPEN';
CREATE INDEX obligations_open_by_unit ON obligations (unit_id, due_at, case_id, id) WHERE state = 'OPEN';
CREATE INDEX obligations_open_by_due ON obligations (due_at, case_id, id) WHERE state = 'OPEN';
