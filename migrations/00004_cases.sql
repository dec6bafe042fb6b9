-- A case and everything that happened to it. The events are the truth; the row
-- is the case as they leave it, with what is personal sealed beside it. An open
-- case always has a deadline: a plain query finds the ones that nobody wakes.

-- +goose Up

-- A conversation: one person on one channel.
CREATE TABLE threads (
    reporter_id text        PRIMARY KEY, -- keyed hash of channel and user there
    channel     text        NOT NULL
        CONSTRAINT threads_channel_known CHECK (channel IN ('LINE', 'HOTLINE_1300', 'RADIO_191', 'EMS_1669', 'REST')),
    user_sealed bytea       NOT NULL,
    language    text        NOT NULL
        CONSTRAINT threads_language_known CHECK (language IN ('th', 'en')),
    blocked_at  timestamptz, -- cannot be reached through the channel since
    last_at     timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE cases (
    id             uuid        PRIMARY KEY,
    version        int         NOT NULL CONSTRAINT cases_version_not_negative CHECK (version >= 0), -- events applied
    state          text        NOT NULL
        CONSTRAINT cases_state_known CHECK (state IN ('DRAFT', 'NEW', 'SENT', 'ACKED', 'ASSIGNED', 'EN_ROUTE', 'ON_SCENE',
            'CONTROLLED', 'HANDOVER', 'FOLLOW_UP', 'CLOSED', 'REOPENED', 'DUPLICATE', 'FALSE_REPORT')),
    type           text        NOT NULL
        CONSTRAINT cases_type_known CHECK (type IN ('THREAT_ASSAULT', 'CONFINEMENT', 'SEXUAL_RISK', 'BERSERK', 'GATHERING')),
    severity       text        NOT NULL
        CONSTRAINT cases_severity_known CHECK (severity IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW')),
    channel        text        NOT NULL
        CONSTRAINT cases_channel_known CHECK (channel IN ('LINE', 'HOTLINE_1300', 'RADIO_191', 'EMS_1669', 'REST')),
    reporter_id    text        NOT NULL CONSTRAINT cases_reporter_exists REFERENCES threads (reporter_id),
    province       text        NOT NULL DEFAULT '',
    district       text        NOT NULL DEFAULT '',
    cell           text        NOT NULL DEFAULT '', -- H3, resolution 7
    station        text        NOT NULL DEFAULT '',
    quiet          boolean     NOT NULL,
    escalation     smallint    NOT NULL DEFAULT 0 CONSTRAINT cases_escalation_in_range CHECK (escalation BETWEEN 0 AND 3),
    lead_id        uuid        CONSTRAINT cases_lead_exists REFERENCES cases (id), -- this report belongs to that case
    stands_at      timestamptz, -- placed and found to belong to no other case; later reports of the incident join it
    desk_reason    text
        CONSTRAINT cases_desk_reason_known CHECK (desk_reason IN ('NO_PIN', 'PIN_ABROAD', 'NOBODY_FOUND', 'UNANSWERED',
            'CANNOT_FIND', 'CANCEL', 'PROVINCE_NOT_LIVE', 'LEAD_ENDED', 'TIME_IN_STATE', 'RADIO_UNREAD',
            'CENTRE_UNANSWERED')),
    desk_since     timestamptz,
    desk_owner     text,
    radio_due      timestamptz, -- the radio centre must have read the pin by then
    radio_seen     timestamptz,
    reported_at    timestamptz NOT NULL,
    sent_at        timestamptz,
    acked_at       timestamptz,
    arrived_at     timestamptz,
    controlled_at  timestamptz,
    ended_at       timestamptz,
    next_deadline  timestamptz,
    inbox_last     int         NOT NULL DEFAULT 0, -- the last inbox number given
    doc            jsonb       NOT NULL, -- casefile.Case without what is personal
    private_sealed bytea,                -- the rest of it
    CONSTRAINT cases_end_has_its_time CHECK ((state IN ('CLOSED', 'FALSE_REPORT')) = (ended_at IS NOT NULL)),
    CONSTRAINT cases_open_has_deadline CHECK (ended_at IS NOT NULL OR next_deadline IS NOT NULL),
    CONSTRAINT cases_duplicate_has_lead CHECK (state <> 'DUPLICATE' OR lead_id IS NOT NULL),
    CONSTRAINT cases_lead_is_another CHECK (lead_id <> id),
    CONSTRAINT cases_desk_is_whole CHECK ((desk_reason IS NULL) = (desk_since IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX cases_by_age ON cases (reported_at DESC, id DESC);
CREATE INDEX cases_open_by_province ON cases (province, reported_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX cases_open_by_reporter ON cases (reporter_id, reported_at DESC) WHERE ended_at IS NULL;
CREATE INDEX cases_open_by_deadline ON cases (next_deadline) WHERE ended_at IS NULL;
CREATE INDEX cases_standing_by_cell ON cases (cell) WHERE ended_at IS NULL AND stands_at IS NOT NULL;
CREATE INDEX cases_at_the_desk ON cases (desk_since) WHERE desk_reason IS NOT NULL;

CREATE TABLE case_events (
    case_id        uuid        NOT NULL CONSTRAINT case_events_case_exists REFERENCES cases (id),
    seq            int         NOT NULL CONSTRAINT case_events_seq_positive CHECK (seq > 0),
    event_id       text        NOT NULL CONSTRAINT case_events_recorded_once UNIQUE,
    kind           text        NOT NULL
        CONSTRAINT case_events_kind_known CHECK (kind IN ('REPORTED', 'PIN_SET', 'PIN_MOVED', 'PROVINCE_SET', 'PHONE_GIVEN', 'NO_CALL_ASKED',
            'REPORTER_ADDED', 'MESSAGE_UNSENT', 'CANCEL_REQUESTED', 'SAFE_SAID', 'CHECK_IN_ASKED', 'CHECK_IN_ANSWERED',
            'CARD_ANSWERED', 'REPORTER_BLOCKED', 'REPORTER_ASKED', 'QUESTION_ASKED', 'OFFERED', 'ESCALATED', 'NOBODY_NOTIFIED', 'ACKNOWLEDGED',
            'ACCEPTED', 'DECLINED', 'CAME_LATE', 'SEARCH_REOPENED', 'TRANSFERRED', 'ROLE_ADDED', 'SEVERITY_SET', 'CHILD_SET',
            'RADIO_SEEN', 'RADIO_UNREAD', 'DEPARTED', 'ARRIVED', 'CANNOT_FIND', 'ASSIST_ASKED', 'RELEASED', 'CONTROLLED',
            'DESK_RAISED', 'DESK_TAKEN', 'DESK_RESOLVED', 'NOTED', 'CENTRE_ASKED', 'CENTRE_TOOK', 'JOIN_ASKED', 'JOINED', 'REPORT_JOINED', 'SPLIT',
            'LEAD_ACKED', 'LEAD_ENDED', 'LINKED', 'SAME_PLACE', 'HANDOVER_OFFERED', 'HANDOVER_ACCEPTED', 'HANDOVER_DECLINED',
            'HANDOVER_TIMED_OUT', 'CLOSE_PROPOSED', 'CLOSED', 'FALSE_PROPOSED', 'FALSE_REPORT', 'REOPENED', 'LATE_RECORDED')),
    at             timestamptz NOT NULL,
    actor_kind     text        NOT NULL
        CONSTRAINT case_events_actor_known CHECK (actor_kind IN ('REPORTER', 'MEMBER', 'OPERATOR', 'TEMPORAL_UI', 'SYSTEM')),
    actor_id       text        NOT NULL DEFAULT '',
    data           json        NOT NULL, -- json, not jsonb: kept to the byte, because the audit row holds its hash
    private_sealed bytea,
    -- Where a reader of the stream goes on. Commit order is not pos order; a reader
    -- sees only transactions that are older than every running one, in order of tx and pos.
    tx             xid8        NOT NULL DEFAULT pg_current_xact_id(),
    pos            bigserial   NOT NULL,
    PRIMARY KEY (case_id, seq)
);

CREATE INDEX case_events_in_order ON case_events (tx, pos);

CREATE TRIGGER case_events_append_only BEFORE UPDATE OR DELETE ON case_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_events_never_emptied BEFORE TRUNCATE ON case_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Field members who are on a case whose scene is not yet under control. Duty
-- desks are not here: a desk has many cases in hand.
CREATE TABLE assignments (
    case_id   uuid NOT NULL CONSTRAINT assignments_case_exists REFERENCES cases (id),
    member_id text NOT NULL CONSTRAINT assignments_member_exists REFERENCES members (id),
    PRIMARY KEY (case_id, member_id),
    CONSTRAINT assignments_one_per_member UNIQUE (member_id)
);

-- Members or units that a case must never reach: relatives, neighbours, the alleged.
CREATE TABLE conflicts (
    id        bigserial   PRIMARY KEY,
    case_id   uuid        NOT NULL CONSTRAINT conflicts_case_exists REFERENCES cases (id),
    member_id text        CONSTRAINT conflicts_member_exists REFERENCES members (id),
    unit_id   text        CONSTRAINT conflicts_unit_exists REFERENCES units (id),
    actor     text        NOT NULL,
    at        timestamptz NOT NULL,
    CONSTRAINT conflicts_member_or_unit CHECK ((member_id IS NULL) <> (unit_id IS NULL)),
    CONSTRAINT conflicts_named_once UNIQUE NULLS NOT DISTINCT (case_id, member_id, unit_id)
);
