-- Why each member was asked or not, what the channel answered, and how often
-- people accept: what the next choice is made from.

-- +goose Up
CREATE TABLE choices (
    case_id   uuid    NOT NULL CONSTRAINT choices_case_exists REFERENCES cases (id),
    seq       int     NOT NULL, -- the OFFERED event
    role      text    NOT NULL
        CONSTRAINT choices_role_known CHECK (role IN ('POLICE', 'MSDHS', 'MEDICAL', 'CHILD_WORKER')),
    place     int     NOT NULL, -- in the order in which they were weighed
    member_id text    NOT NULL,
    metres    int     NOT NULL,
    chosen    boolean NOT NULL,
    why       text    NOT NULL,
    minutes   int     NOT NULL,
    PRIMARY KEY (case_id, seq, role, place)
);

CREATE TABLE deliveries (
    key        text        PRIMARY KEY,
    case_id    uuid        NOT NULL CONSTRAINT deliveries_case_exists REFERENCES cases (id),
    seq        int         NOT NULL,
    recipient  text        NOT NULL, -- member:<id> or reporter
    template   text        NOT NULL,
    outcome    text        NOT NULL
        CONSTRAINT deliveries_outcome_known CHECK (outcome IN ('ACCEPTED', 'REFUSED', 'QUOTA', 'NO_CONTACT', 'WITHHELD', 'UNKNOWN')),
    request_id text        NOT NULL,
    at         timestamptz NOT NULL
);

CREATE INDEX deliveries_by_case ON deliveries (case_id, seq);

-- Counted while cases are recorded: near officers asked, and how many of them said yes.
CREATE TABLE acceptance (
    role     text     NOT NULL
        CONSTRAINT acceptance_role_known CHECK (role IN ('POLICE', 'MSDHS', 'MEDICAL', 'CHILD_WORKER')),
    province text     NOT NULL,
    hour     smallint NOT NULL CONSTRAINT acceptance_hour_of_day CHECK (hour BETWEEN 0 AND 23), -- UTC
    day      date     NOT NULL,
    asked    int      NOT NULL,
    accepted int      NOT NULL,
    PRIMARY KEY (role, province, hour, day)
) WITH (fillfactor = 50);
