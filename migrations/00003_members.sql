-- Who can be alerted. Name and LINE account are sealed; the account is found
-- again by its keyed hash. The last position stands in clear, because the search
-- for the nearest of two million compares true distances; it is kept only while
-- its owner is on duty (docs/decisions/0003-member-positions.md).

-- +goose Up
CREATE TABLE members (
    id               text    PRIMARY KEY,
    unit_id          text    NOT NULL CONSTRAINT members_unit_exists REFERENCES units (id),
    member_group     text    NOT NULL
        CONSTRAINT members_group_known CHECK (member_group IN ('TEACHER', 'STUDENT_COUNCIL', 'YOUTH_COUNCIL', 'CYBER_SCOUT',
            'VHV', 'SDV', 'COMMUNITY', 'AGENCY')),
    class            text    NOT NULL
        CONSTRAINT members_class_known CHECK (class IN ('JUNIOR', 'VOLUNTEER', 'SCHOOL', 'PROFESSIONAL', 'SUPERVISOR')),
    role             text    NOT NULL DEFAULT '' -- empty: takes no part in an emergency
        CONSTRAINT members_role_known CHECK (role IN ('', 'POLICE', 'MSDHS', 'MEDICAL', 'CHILD_WORKER')),
    level            text    NOT NULL DEFAULT '' -- set: the duty desk of its unit for that level
        CONSTRAINT members_level_known CHECK (level IN ('', 'NEAR', 'STATION', 'NEXT_STATION', 'RADIO_191', 'POLICE_REGION',
            'RTP_NATIONAL', 'MSDHS_DUTY', 'MSDHS_PROVINCE', 'HUSEC', 'MSDHS_NATIONAL', 'SHELTER', 'EMS', 'DESK')),
    state            text    NOT NULL
        CONSTRAINT members_state_known CHECK (state IN ('PENDING', 'ACTIVE', 'SUSPENDED', 'EXPIRED', 'RESIGNED', 'REJECTED')),
    on_duty          boolean NOT NULL DEFAULT false,
    rest_until       timestamptz,
    female           boolean NOT NULL DEFAULT false,
    province         text    NOT NULL DEFAULT '',
    lat              double precision,
    lon              double precision,
    cell             bigint,      -- H3, resolution 9
    fixed_at         timestamptz, -- when the position was last known, case time
    language         text    NOT NULL DEFAULT 'th'
        CONSTRAINT members_language_known CHECK (language IN ('th', 'en')),
    name_sealed      bytea,
    line_user_sealed bytea,
    line_hash        text    CONSTRAINT members_line_account_is_one_member UNIQUE, -- the same keyed hash as threads.reporter_id
    verified_at      timestamptz, -- the unit confirmed the contact
    answered_at      timestamptz, -- the latest communication test that was answered
    synthetic        boolean NOT NULL DEFAULT false,
    CONSTRAINT members_position_is_whole CHECK ((lat IS NULL) = (lon IS NULL) AND (lat IS NULL) = (cell IS NULL)
        AND (lat IS NULL) = (fixed_at IS NULL)),
    CONSTRAINT members_position_only_on_duty CHECK (on_duty OR lat IS NULL),
    CONSTRAINT members_line_account_is_whole CHECK ((line_user_sealed IS NULL) = (line_hash IS NULL))
);

-- The search: descendants of a coarse H3 cell are one run of numbers, so a disk
-- around a pin is a few scans of this index, which alone answers them.
CREATE INDEX members_near ON members (role, cell) INCLUDE (lat, lon, id)
    WHERE on_duty AND state = 'ACTIVE' AND level = '' AND cell IS NOT NULL;
CREATE INDEX members_desks ON members (level, unit_id) WHERE level <> '';
CREATE INDEX members_by_unit ON members (unit_id, id);
