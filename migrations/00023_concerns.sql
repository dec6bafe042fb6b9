-- What somebody points out that is not urgent, and the tasks of members. Who
-- pointed it out is a record of its own, sealed, that no reader of a concern
-- touches: nothing in clear leads from one to the other. The events are the
-- truth; the row is the concern as they leave it. A concern that has not ended
-- always has an instant at which it climbs.

-- +goose Up
CREATE TABLE concerns (
    id          uuid        PRIMARY KEY,
    version     int         NOT NULL CONSTRAINT concerns_version_not_negative CHECK (version >= 0),
    state       text        NOT NULL
        CONSTRAINT concerns_state_known CHECK (state IN ('DRAFT', 'RECEIVED', 'OFFERED', 'TAKEN_UP', 'FOLLOWED', 'REFERRED', 'URGENT', 'CLOSED')),
    kind        text        NOT NULL
        CONSTRAINT concerns_kind_known CHECK (kind IN ('SAFE_CHILD_SPACE', 'SAFE_SCHOOL', 'SCHOOL_AGE_PREGNANCY', 'DRUGS', 'LESS_VIOLENCE', 'ONLINE_CRIME')),
    province    text        NOT NULL DEFAULT '',
    owner       text        NOT NULL DEFAULT '',
    case_id     uuid        CONSTRAINT concerns_case_exists REFERENCES cases (id),
    referred_to text        NOT NULL DEFAULT ''
        CONSTRAINT concerns_partner_known CHECK (referred_to IN ('', 'ONDE', 'POLICE')),
    begun_at    timestamptz NOT NULL,
    received_at timestamptz,
    referred_at timestamptz,
    ended_at    timestamptz,
    due_at      timestamptz, -- when it climbs
    inbox_last  int         NOT NULL DEFAULT 0, -- the last inbox number given
    inbox_heard int         NOT NULL DEFAULT 0,
    doc         jsonb       NOT NULL, -- casefile.Concern, which holds nothing personal
    CONSTRAINT concerns_end_has_its_time CHECK ((state IN ('FOLLOWED', 'REFERRED', 'URGENT', 'CLOSED')) = (ended_at IS NOT NULL)),
    CONSTRAINT concerns_open_has_deadline CHECK (ended_at IS NOT NULL OR due_at IS NOT NULL)
) WITH (fillfactor = 80);

CREATE INDEX concerns_by_age ON concerns (begun_at DESC, id DESC);
CREATE INDEX concerns_open_by_due ON concerns (due_at) WHERE ended_at IS NULL;
CREATE INDEX concerns_referred ON concerns (referred_to, referred_at DESC, id DESC) WHERE referred_to <> '';
CREATE INDEX concerns_of_case ON concerns (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE concern_events (
    concern_id     uuid        NOT NULL CONSTRAINT concern_events_concern_exists REFERENCES concerns (id),
    seq            int         NOT NULL CONSTRAINT concern_events_seq_positive CHECK (seq > 0),
    event_id       text        NOT NULL CONSTRAINT concern_events_recorded_once UNIQUE,
    kind           text        NOT NULL
        CONSTRAINT concern_events_kind_known CHECK (kind IN ('BEGUN', 'ADDED', 'RECEIVED', 'PLACED', 'OFFERED', 'NOBODY_HERE', 'DECLINED', 'TAKEN_UP',
            'FOLLOWED', 'REFERRED', 'URGENT', 'CLOSE_PROPOSED', 'CLOSED', 'NOTED')),
    at             timestamptz NOT NULL,
    actor_kind     text        NOT NULL
        CONSTRAINT concern_events_actor_known CHECK (actor_kind IN ('REPORTER', 'MEMBER', 'OPERATOR', 'TEMPORAL_UI', 'SYSTEM')),
    actor_id       text        NOT NULL DEFAULT '',
    data           json        NOT NULL,
    private_sealed bytea,
    PRIMARY KEY (concern_id, seq),
    CONSTRAINT concern_events_pointer_has_no_name CHECK (actor_kind <> 'REPORTER' OR actor_id = '')
);

CREATE TRIGGER concern_events_append_only BEFORE UPDATE OR DELETE ON concern_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER concern_events_never_emptied BEFORE TRUNCATE ON concern_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What waits for the concern's own process: the pointer's words, and the buttons of those who were asked.
CREATE TABLE concern_inbox (
    concern_id  uuid        NOT NULL CONSTRAINT concern_inbox_concern_exists REFERENCES concerns (id),
    n           int         NOT NULL CONSTRAINT concern_inbox_n_positive CHECK (n > 0),
    event_id    text        NOT NULL CONSTRAINT concern_inbox_taken_once UNIQUE,
    said_sealed bytea       NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (concern_id, n)
);

-- Who pointed it out. Only the process that says "received" and "taken up" reads it.
CREATE TABLE concern_pointers (
    concern_id      uuid  PRIMARY KEY CONSTRAINT concern_pointers_concern_exists REFERENCES concerns (id),
    reporter_sealed bytea NOT NULL
);

-- A conversation beside any case, by a keyed hash that no other table holds.
CREATE TABLE talks (
    pointer    text        PRIMARY KEY,
    doc_sealed bytea       NOT NULL,
    until      timestamptz NOT NULL -- case time; then it is as if it had never been
);

-- Links and pictures are evidence: sealed as they came, with hash and time, never sent on.
CREATE TABLE concern_evidence (
    concern_id     uuid        NOT NULL CONSTRAINT concern_evidence_concern_exists REFERENCES concerns (id),
    seq            int         NOT NULL CONSTRAINT concern_evidence_seq_positive CHECK (seq > 0), -- the event that brought it
    kind           text        NOT NULL -- link, image, video, audio, file
        CONSTRAINT concern_evidence_kind_is_one CHECK (kind IN ('link', 'image', 'video', 'audio', 'file')),
    state          text        NOT NULL
        CONSTRAINT concern_evidence_state_known CHECK (state IN ('PENDING', 'KEPT', 'GONE', 'TOO_LARGE')),
    at             timestamptz NOT NULL,
    content_type   text        NOT NULL DEFAULT '', -- as the channel says; never believed
    bytes          int         NOT NULL DEFAULT 0,
    sha256         bytea, -- of the content as it came
    content_sealed bytea,
    PRIMARY KEY (concern_id, seq),
    CONSTRAINT concern_evidence_kept_is_whole CHECK ((state = 'KEPT') = (content_sealed IS NOT NULL) AND (state = 'KEPT') = (sha256 IS NOT NULL))
);

-- What a member did of the task list.
CREATE TABLE task_reports (
    id         bigserial   PRIMARY KEY,
    event_id   text        NOT NULL CONSTRAINT task_reports_counted_once UNIQUE,
    task       text        NOT NULL,
    member_id  text        NOT NULL CONSTRAINT task_reports_member_exists REFERENCES members (id),
    unit_id    text        NOT NULL CONSTRAINT task_reports_unit_exists REFERENCES units (id), -- the member's at that time
    at         timestamptz NOT NULL,
    option     text        NOT NULL DEFAULT '',
    opened     text        NOT NULL
        CONSTRAINT task_reports_opened_known CHECK (opened IN ('NOTHING', 'CONCERN', 'SAFE_SPACE'))
);

CREATE INDEX task_reports_by_member ON task_reports (member_id, task, at DESC);
CREATE INDEX task_reports_by_unit ON task_reports (unit_id, at);

-- Places of which members say that children are safe there. A public place is nobody's secret; its picture is sealed all
-- the same, because somebody may be in it.
CREATE TABLE safe_places (
    id           bigserial        PRIMARY KEY,
    report_id    bigint           NOT NULL CONSTRAINT safe_places_report_exists REFERENCES task_reports (id) CONSTRAINT safe_places_one_of_report UNIQUE,
    province     text             NOT NULL DEFAULT '',
    lat          double precision NOT NULL,
    lon          double precision NOT NULL,
    at           timestamptz      NOT NULL,
    finished     boolean          NOT NULL DEFAULT false, -- its province was found and its picture fetched
    photo_state  text             NOT NULL DEFAULT ''
        CONSTRAINT safe_places_photo_known CHECK (photo_state IN ('', 'PENDING', 'KEPT', 'GONE', 'TOO_LARGE')),
    photo_sealed bytea -- while it is pending, the channel's message ID; then the picture without what a camera writes beside it
);
CREATE INDEX safe_places_by_province ON safe_places (province, id);
CREATE INDEX safe_places_unfinished ON safe_places (id) WHERE NOT finished;
