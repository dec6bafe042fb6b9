-- Aid requests (อพม. Smart), from a draft on a phone to the last visit. The
-- events are the truth; the row is the request as they leave it. A request that
-- was sent and has not ended always has an instant at which somebody is called.
-- What is filled in rests sealed; whoever it is about is found again by keyed
-- hashes alone.

-- +goose Up
CREATE TABLE aid_requests (
    id           uuid        PRIMARY KEY,
    version      int         NOT NULL CONSTRAINT aid_requests_version_not_negative CHECK (version >= 0),
    state        text        NOT NULL
        CONSTRAINT aid_requests_state_known CHECK (state IN ('DRAFT', 'SUBMITTED', 'RETURNED', 'REFERRED', 'SCREENED', 'VISIT_SCHEDULED', 'VISITED', 'PLANNED',
            'APPROVED', 'REJECTED', 'APPEALED', 'PAID', 'DELIVERED', 'MONITOR', 'EVALUATED', 'CLOSED', 'WITHDRAWN', 'URGENT')),
    filer        text        NOT NULL, -- the actor who began it
    visitor      text        CONSTRAINT aid_requests_visitor_exists REFERENCES members (id),
    office       text        CONSTRAINT aid_requests_office_exists REFERENCES units (id),
    to_office    text        CONSTRAINT aid_requests_to_office_exists REFERENCES units (id), -- was asked to take it over
    province     text        NOT NULL DEFAULT '',
    urgency      text        NOT NULL DEFAULT '' CONSTRAINT aid_requests_urgency_known CHECK (urgency IN ('', 'NORMAL', 'URGENT')),
    subject_id   uuid        CONSTRAINT aid_requests_subject_exists REFERENCES persons (id),
    household_id uuid        CONSTRAINT aid_requests_household_exists REFERENCES households (id),
    case_id      uuid        CONSTRAINT aid_requests_case_exists REFERENCES cases (id),
    identities   text[]      NOT NULL DEFAULT '{}', -- keyed hashes of number, name with birth, home and telephone, each with what it is of
    begun_at     timestamptz NOT NULL,
    submitted_at timestamptz,
    decided_at   timestamptz,
    settled_at   timestamptz,
    ended_at     timestamptz,
    due_at       timestamptz,
    call_at      timestamptz,
    inbox_last   int         NOT NULL DEFAULT 0, -- the last inbox number given
    inbox_heard  int         NOT NULL DEFAULT 0,
    doc          jsonb       NOT NULL, -- casefile.AidRequest, which holds nothing personal
    CONSTRAINT aid_requests_end_has_its_time CHECK ((state IN ('CLOSED', 'WITHDRAWN', 'URGENT')) = (ended_at IS NOT NULL)),
    CONSTRAINT aid_requests_open_has_deadline CHECK (state = 'DRAFT' OR ended_at IS NOT NULL OR due_at IS NOT NULL AND call_at IS NOT NULL)
) WITH (fillfactor = 80);

CREATE INDEX aid_requests_by_age ON aid_requests (begun_at DESC, id DESC);
CREATE INDEX aid_requests_by_filer ON aid_requests (filer, begun_at DESC);
CREATE INDEX aid_requests_by_visitor ON aid_requests (visitor) WHERE visitor IS NOT NULL AND ended_at IS NULL;
CREATE INDEX aid_requests_by_office ON aid_requests (office, state) WHERE ended_at IS NULL;
CREATE INDEX aid_requests_open_by_call ON aid_requests (call_at) WHERE ended_at IS NULL;
CREATE INDEX aid_requests_of_case ON aid_requests (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX aid_requests_by_identity ON aid_requests USING gin (identities);

CREATE TABLE aid_events (
    aid_id         uuid        NOT NULL CONSTRAINT aid_events_request_exists REFERENCES aid_requests (id),
    seq            int         NOT NULL CONSTRAINT aid_events_seq_positive CHECK (seq > 0),
    event_id       text        NOT NULL CONSTRAINT aid_events_recorded_once UNIQUE,
    kind           text        NOT NULL
        CONSTRAINT aid_events_kind_known CHECK (kind IN ('SUBMITTED', 'CHECKED', 'TAKEN', 'SCREENED', 'RETURNED', 'REFERRED', 'REFERRAL_ANSWERED', 'WITHDRAWN',
            'VISIT_SCHEDULED', 'VISIT_MISSED', 'VISITED', 'CLEARED', 'PLANNED', 'RECUSED', 'APPROVED', 'REJECTED', 'APPEALED', 'APPEAL_DECIDED',
            'ORDERED', 'PAID', 'FAILED', 'DELIVERED', 'DROPPED', 'MONITORED', 'EVALUATED', 'CLOSED', 'URGENT', 'FOLLOWED', 'CALLED', 'NOTED')),
    at             timestamptz NOT NULL,
    actor_kind     text        NOT NULL
        CONSTRAINT aid_events_actor_known CHECK (actor_kind IN ('REPORTER', 'MEMBER', 'OPERATOR', 'TEMPORAL_UI', 'SYSTEM')),
    actor_id       text        NOT NULL DEFAULT '',
    data           json        NOT NULL,
    private_sealed bytea,
    PRIMARY KEY (aid_id, seq)
);

CREATE TRIGGER aid_events_append_only BEFORE UPDATE OR DELETE ON aid_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER aid_events_never_emptied BEFORE TRUNCATE ON aid_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What waits for the request's own process: a form that was sent, a button on a phone.
CREATE TABLE aid_inbox (
    aid_id       uuid        NOT NULL CONSTRAINT aid_inbox_request_exists REFERENCES aid_requests (id),
    n            int         NOT NULL CONSTRAINT aid_inbox_n_positive CHECK (n > 0),
    event_id     text        NOT NULL CONSTRAINT aid_inbox_taken_once UNIQUE,
    order_sealed bytea       NOT NULL, -- casefile.AidOrder
    at           timestamptz NOT NULL,
    PRIMARY KEY (aid_id, n)
);

-- The parts of the form while it is filled in. A part that is saved again replaces the one before.
CREATE TABLE aid_parts (
    aid_id      uuid        NOT NULL CONSTRAINT aid_parts_request_exists REFERENCES aid_requests (id),
    part        text        NOT NULL
        CONSTRAINT aid_parts_part_known CHECK (part IN ('subject', 'home', 'members', 'logbook', 'need', 'consents', 'account')),
    saved       int         NOT NULL DEFAULT 1, -- how often; a phone that saved an older one is told
    part_sealed bytea       NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (aid_id, part)
);

-- The form as it was sent, each time.
CREATE TABLE aid_forms (
    aid_id      uuid        NOT NULL CONSTRAINT aid_forms_request_exists REFERENCES aid_requests (id),
    n           int         NOT NULL CONSTRAINT aid_forms_n_positive CHECK (n > 0),
    form_sealed bytea       NOT NULL, -- casefile.AidForm
    at          timestamptz NOT NULL,
    PRIMARY KEY (aid_id, n)
);

CREATE TRIGGER aid_forms_append_only BEFORE UPDATE OR DELETE ON aid_forms
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER aid_forms_never_emptied BEFORE TRUNCATE ON aid_forms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Photos and signatures. They come in pieces over a bad line; a file is whole once all of its bytes are there.
CREATE TABLE aid_files (
    id           uuid        PRIMARY KEY,
    aid_id       uuid        NOT NULL CONSTRAINT aid_files_request_exists REFERENCES aid_requests (id),
    kind         text        NOT NULL CONSTRAINT aid_files_kind_known CHECK (kind IN ('PHOTO', 'SIGNATURE', 'DOCUMENT')),
    content_type text        NOT NULL CONSTRAINT aid_files_type_known CHECK (content_type IN ('image/jpeg', 'image/png', 'application/pdf')),
    bytes        int         NOT NULL CONSTRAINT aid_files_bytes_positive CHECK (bytes > 0),
    received     int         NOT NULL DEFAULT 0,
    added_by     text        NOT NULL,
    at           timestamptz NOT NULL,
    whole_at     timestamptz,
    sha256       bytea, -- of the whole
    CONSTRAINT aid_files_received_fits CHECK (received BETWEEN 0 AND bytes),
    CONSTRAINT aid_files_whole_is_whole CHECK ((whole_at IS NOT NULL) = (sha256 IS NOT NULL) AND (whole_at IS NULL OR received = bytes))
);
CREATE INDEX aid_files_of_request ON aid_files (aid_id);

CREATE TABLE aid_file_pieces (
    file_id      uuid  NOT NULL CONSTRAINT aid_file_pieces_file_exists REFERENCES aid_files (id),
    from_byte    int   NOT NULL CONSTRAINT aid_file_pieces_from_not_negative CHECK (from_byte >= 0),
    piece_sealed bytea NOT NULL,
    PRIMARY KEY (file_id, from_byte)
);

-- What was granted, for the limits of family, year and occasion. Written in the transaction that approves.
CREATE TABLE aid_grants (
    aid_id     uuid        NOT NULL CONSTRAINT aid_grants_request_exists REFERENCES aid_requests (id),
    item       int         NOT NULL,
    code       text        NOT NULL,
    satang     bigint      NOT NULL CONSTRAINT aid_grants_satang_positive CHECK (satang > 0),
    identities text[]      NOT NULL,
    at         timestamptz NOT NULL,
    void_at    timestamptz, -- it was never paid
    PRIMARY KEY (aid_id, item)
);
CREATE INDEX aid_grants_by_identity ON aid_grants USING gin (identities);

-- Amounts and limits of the catalogue that an officer has confirmed. Only the words that were confirmed count: a
-- changed row of the catalogue has another digest and must be confirmed again.
CREATE TABLE aid_confirmations (
    code   text        NOT NULL,
    digest text        NOT NULL,
    by     text        NOT NULL, -- the operator
    name   text        NOT NULL, -- of the officer who vouches for it
    source text        NOT NULL, -- of the regulation or letter that they looked at
    at     timestamptz NOT NULL,
    PRIMARY KEY (code, digest)
);

CREATE TRIGGER aid_confirmations_append_only BEFORE UPDATE OR DELETE ON aid_confirmations
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER aid_confirmations_never_emptied BEFORE TRUNCATE ON aid_confirmations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
