-- Official papers. Each office numbers its own, from one on in every year of the
-- Buddhist era and without a gap: the number is taken in the transaction that
-- keeps the paper. What stands on a paper rests sealed; the PDF is drawn from it
-- again whenever it is asked for, and must have the bytes that were issued.

-- +goose Up
CREATE TABLE paper_numbers (
    office text NOT NULL CONSTRAINT paper_numbers_office_exists REFERENCES units (id),
    year   int  NOT NULL, -- Buddhist era
    last   int  NOT NULL CONSTRAINT paper_numbers_begin_at_one CHECK (last >= 1),
    PRIMARY KEY (office, year)
);

CREATE TABLE papers (
    office       text        NOT NULL CONSTRAINT papers_office_exists REFERENCES units (id),
    year         int         NOT NULL,
    number       int         NOT NULL CONSTRAINT papers_begin_at_one CHECK (number >= 1),
    case_id      uuid        NOT NULL CONSTRAINT papers_case_exists REFERENCES cases (id),
    kind         text        NOT NULL
        CONSTRAINT papers_kind_known CHECK (kind IN ('FACT_FINDING', 'REFERRAL_LETTER', 'HANDOVER_NOTE')),
    edition      int         NOT NULL, -- how papers were drawn then
    paper_sealed bytea       NOT NULL,
    sha256       bytea       NOT NULL CONSTRAINT papers_sha256_is_a_hash CHECK (octet_length(sha256) = 32),
    pages        int         NOT NULL,
    asked_by     text        NOT NULL,
    key          text        NOT NULL, -- of the request that asked
    at           timestamptz NOT NULL, -- case time
    PRIMARY KEY (office, year, number),
    CONSTRAINT papers_asked_once UNIQUE (asked_by, key)
);

CREATE INDEX papers_by_case ON papers (case_id);

CREATE TRIGGER papers_append_only BEFORE UPDATE OR DELETE ON papers
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER papers_never_emptied BEFORE TRUNCATE ON papers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
