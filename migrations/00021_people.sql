-- Whom cases are about. A person is one record in many cases; what they are in
-- each is a record of its own, with rights of its own. Names, numbers, dates of
-- birth, telephones and addresses rest sealed and are found by keyed hashes: of
-- the number, of the whole name, of how first and last name sound, of the date
-- and the year of birth. Two records of one person are merged by a human, and
-- parted again, without touching what belongs to either.

-- +goose Up
CREATE TABLE persons (
    id              uuid        PRIMARY KEY,
    version         int         NOT NULL CONSTRAINT persons_version_positive CHECK (version > 0),
    sex             text        NOT NULL
        CONSTRAINT persons_sex_known CHECK (sex IN ('FEMALE', 'MALE', 'OTHER', 'UNKNOWN')),
    nationality     text        NOT NULL CONSTRAINT persons_nationality_two_letters CHECK (nationality ~ '^[A-Z]{2}$'),
    province        text        NOT NULL CONSTRAINT persons_province_two_digits CHECK (province ~ '^[0-9]{2}$'),
    private_sealed  bytea       NOT NULL,
    number_hash     text,                 -- of the national ID or G-code; not unique: two records of one person are one number
    name_hash       text        NOT NULL,
    first_sounds    text[]      NOT NULL,
    last_sounds     text[]      NOT NULL,
    birth_hash      text,
    birth_year_hash text,
    merged_into     uuid        CONSTRAINT persons_merged_into_exists REFERENCES persons (id),
    root_id         uuid        NOT NULL, -- the record at the end of merged_into; its own ID where it is merged into none
    added_by        text        NOT NULL,
    added_at        timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    CONSTRAINT persons_merged_into_another CHECK (merged_into <> id),
    CONSTRAINT persons_root_of_merged CHECK ((merged_into IS NULL) = (root_id = id))
);

CREATE INDEX persons_by_number ON persons (number_hash) WHERE number_hash IS NOT NULL;
CREATE INDEX persons_by_name ON persons (name_hash);
CREATE INDEX persons_by_first_sound ON persons USING gin (first_sounds);
CREATE INDEX persons_by_last_sound ON persons USING gin (last_sounds);
CREATE INDEX persons_by_root ON persons (root_id);

-- Every merge and what became of it. The record stays when it is undone.
CREATE TABLE person_merges (
    id            bigserial   PRIMARY KEY,
    person_id     uuid        NOT NULL CONSTRAINT person_merges_person_exists REFERENCES persons (id),
    into_id       uuid        NOT NULL CONSTRAINT person_merges_into_exists REFERENCES persons (id),
    reason_sealed bytea       NOT NULL,
    by_actor      text        NOT NULL,
    at            timestamptz NOT NULL,
    undone_sealed bytea,
    undone_by     text,
    undone_at     timestamptz,
    CONSTRAINT person_merges_undone_is_whole CHECK ((undone_at IS NULL) = (undone_by IS NULL) AND (undone_at IS NULL) = (undone_sealed IS NULL))
);

CREATE UNIQUE INDEX person_merges_one_at_a_time ON person_merges (person_id) WHERE undone_at IS NULL;

-- Records that may be one person. A human decides; nothing merges by itself.
CREATE TABLE person_duplicates (
    id         bigserial   PRIMARY KEY,
    person_id  uuid        NOT NULL CONSTRAINT person_duplicates_person_exists REFERENCES persons (id),
    other_id   uuid        NOT NULL CONSTRAINT person_duplicates_other_exists REFERENCES persons (id),
    why        text        NOT NULL
        CONSTRAINT person_duplicates_why_known CHECK (why IN ('NUMBER', 'NAME', 'SOUND')),
    at         timestamptz NOT NULL,
    settled_at timestamptz,
    settled_by text,
    CONSTRAINT person_duplicates_proposed_once UNIQUE (person_id, other_id),
    CONSTRAINT person_duplicates_of_two CHECK (person_id <> other_id),
    CONSTRAINT person_duplicates_settled_is_whole CHECK ((settled_at IS NULL) = (settled_by IS NULL))
);

CREATE INDEX person_duplicates_open ON person_duplicates (id) WHERE settled_at IS NULL;

CREATE TABLE case_persons (
    id             uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id        uuid        NOT NULL CONSTRAINT case_persons_case_exists REFERENCES cases (id),
    person_id      uuid        NOT NULL CONSTRAINT case_persons_person_exists REFERENCES persons (id),
    part           text        NOT NULL
        CONSTRAINT case_persons_part_known CHECK (part IN ('VICTIM', 'WITNESS', 'ALLEGED', 'GUARDIAN', 'REPORTER', 'CHILD')),
    added_by       text        NOT NULL,
    added_at       timestamptz NOT NULL,
    removed_by     text,
    removed_at     timestamptz,
    removed_sealed bytea,                 -- why
    CONSTRAINT case_persons_removed_is_whole CHECK ((removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (removed_sealed IS NULL))
);

CREATE UNIQUE INDEX case_persons_each_once ON case_persons (case_id, person_id, part) WHERE removed_at IS NULL;
CREATE INDEX case_persons_by_person ON case_persons (person_id) WHERE removed_at IS NULL;

-- "person is kind of other". A child is kept as its parent's parenthood.
CREATE TABLE relations (
    id        uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    person_id uuid        NOT NULL CONSTRAINT relations_person_exists REFERENCES persons (id),
    kind      text        NOT NULL
        CONSTRAINT relations_kind_known CHECK (kind IN ('PARENT', 'GUARDIAN', 'CHILD', 'SIBLING', 'SPOUSE', 'GRANDPARENT', 'RELATIVE', 'OTHER')),
    other_id  uuid        NOT NULL CONSTRAINT relations_other_exists REFERENCES persons (id),
    added_by  text        NOT NULL,
    added_at  timestamptz NOT NULL,
    ended_by  text,
    ended_at  timestamptz,
    CONSTRAINT relations_of_two CHECK (person_id <> other_id),
    CONSTRAINT relations_ended_is_whole CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);

CREATE INDEX relations_by_person ON relations (person_id) WHERE ended_at IS NULL;
CREATE INDEX relations_by_other ON relations (other_id) WHERE ended_at IS NULL;

CREATE TABLE households (
    id             uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    version        int         NOT NULL DEFAULT 1 CONSTRAINT households_version_positive CHECK (version > 0),
    head_id        uuid        NOT NULL CONSTRAINT households_head_exists REFERENCES persons (id),
    address_sealed bytea       NOT NULL,
    province       text        NOT NULL CONSTRAINT households_province_two_digits CHECK (province ~ '^[0-9]{2}$'),
    district       text        NOT NULL CONSTRAINT households_district_four_digits CHECK (district ~ '^[0-9]{4}$'),
    added_by       text        NOT NULL,
    added_at       timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT households_district_of_province CHECK (left(district, 2) = province)
);

CREATE TABLE household_members (
    household_id uuid NOT NULL CONSTRAINT household_members_household_exists REFERENCES households (id),
    person_id    uuid NOT NULL CONSTRAINT household_members_person_exists REFERENCES persons (id),
    since        date NOT NULL,
    until        date,
    PRIMARY KEY (household_id, person_id, since),
    CONSTRAINT household_members_until_after_since CHECK (until >= since)
);

CREATE UNIQUE INDEX household_members_now_once ON household_members (household_id, person_id) WHERE until IS NULL;
CREATE INDEX household_members_by_person ON household_members (person_id);

-- A case that keeps away from an organisation; no unit: no organisation.
-- +goose StatementBegin
CREATE FUNCTION case_blind(doc jsonb, unit text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT unit <> '' AND coalesce(doc -> 'excluded' @> jsonb_build_array(jsonb_build_object('unit', unit)), false)
$$;
-- +goose StatementEnd

-- Whom somebody may know of. parts are those whose people they may know; unit is
-- their organisation, from which a case may keep away; a person without any part
-- is known in their own province. No provinces: everywhere.
-- +goose StatementBegin
CREATE FUNCTION person_seen(root uuid, home text, parts text[], provinces text[], unit text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM case_persons cp JOIN persons m ON m.id = cp.person_id WHERE m.root_id = root AND cp.removed_at IS NULL)
        THEN EXISTS (
            SELECT FROM case_persons cp JOIN persons m ON m.id = cp.person_id JOIN cases c ON c.id = cp.case_id
            WHERE m.root_id = root AND cp.removed_at IS NULL AND cp.part = ANY (parts)
              AND (cardinality(provinces) = 0 OR c.province = ANY (provinces)) AND NOT case_blind(c.doc, unit))
        ELSE cardinality(provinces) = 0 OR home = ANY (provinces)
    END
$$;
-- +goose StatementEnd

-- Entries about a person name them; where there is no case, the lowest ID stands for it.
ALTER TABLE audit ADD COLUMN person_id uuid;
CREATE INDEX audit_by_person ON audit (person_id, id) WHERE person_id IS NOT NULL;
