-- Payment orders of what was approved: one intent at a time for each item, told
-- to the request's own process, and only then written into the bank's file. What
-- the bank answers is kept first and told after, so nothing is lost on the way
-- and nothing is paid twice. Accounts rest sealed.

-- +goose Up
-- An account that an officer put in place of the one of the form; the newest counts.
CREATE TABLE aid_payees (
    aid_id         uuid        NOT NULL CONSTRAINT aid_payees_request_exists REFERENCES aid_requests (id),
    n              int         NOT NULL CONSTRAINT aid_payees_n_positive CHECK (n > 0),
    account_sealed bytea       NOT NULL, -- casefile.AidAccount
    by             text        NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (aid_id, n)
);

CREATE TRIGGER aid_payees_append_only BEFORE UPDATE OR DELETE ON aid_payees
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER aid_payees_never_emptied BEFORE TRUNCATE ON aid_payees
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE aid_batches (
    id          uuid        PRIMARY KEY,
    office      text        NOT NULL CONSTRAINT aid_batches_office_exists REFERENCES units (id),
    by          text        NOT NULL, -- the operator who made it
    at          timestamptz NOT NULL,
    whole_at    timestamptz,          -- every order is told, and the file is there
    file_sealed bytea,                -- the bank's file, the same bytes each time
    sha256      bytea,
    CONSTRAINT aid_batches_whole_has_its_file CHECK ((whole_at IS NOT NULL) = (file_sealed IS NOT NULL) AND (whole_at IS NOT NULL) = (sha256 IS NOT NULL)),
    CONSTRAINT aid_batches_one_unfinished EXCLUDE USING btree (office WITH =) WHERE (whole_at IS NULL)
);
CREATE INDEX aid_batches_of_office ON aid_batches (office, at DESC);

CREATE TABLE aid_payments (
    reference      text        PRIMARY KEY CONSTRAINT aid_payments_reference_is_one CHECK (reference ~ '^P[0-9A-HJKMNP-X]{11}$'),
    batch          uuid        NOT NULL CONSTRAINT aid_payments_batch_exists REFERENCES aid_batches (id),
    aid_id         uuid        NOT NULL CONSTRAINT aid_payments_request_exists REFERENCES aid_requests (id),
    item           int         NOT NULL,
    satang         bigint      NOT NULL CONSTRAINT aid_payments_satang_positive CHECK (satang > 0),
    cash           bool        NOT NULL, -- over the counter, not by the bank
    payee          int         NOT NULL, -- of aid_payees; 0: the form's own
    account_sealed bytea       NOT NULL,
    ordered_at     timestamptz,          -- the request's process has recorded it
    dropped_at     timestamptz,          -- the law refused it: it never was
    result         text        CONSTRAINT aid_payments_result_known CHECK (result IN ('PAID', 'FAILED')),
    reason         text        NOT NULL DEFAULT '',
    result_at      timestamptz,          -- the day that the bank or the receipt says
    result_by      text,
    private_sealed bytea,                -- casefile.AidPrivate of what was paid over the counter
    told_at        timestamptz,          -- the request's process has recorded the result
    CONSTRAINT aid_payments_is_ordered_or_dropped CHECK (ordered_at IS NULL OR dropped_at IS NULL),
    CONSTRAINT aid_payments_result_after_order CHECK (result IS NULL OR ordered_at IS NOT NULL),
    CONSTRAINT aid_payments_result_is_whole CHECK ((result IS NOT NULL) = (result_at IS NOT NULL) AND (result IS NOT NULL) = (result_by IS NOT NULL)),
    CONSTRAINT aid_payments_told_has_result CHECK (told_at IS NULL OR result IS NOT NULL),
    -- What nobody may get around: an item has one order that may still be paid, or was.
    CONSTRAINT aid_payments_never_twice EXCLUDE USING btree (aid_id WITH =, item WITH =) WHERE (dropped_at IS NULL AND result IS DISTINCT FROM 'FAILED')
);
CREATE INDEX aid_payments_of_batch ON aid_payments (batch);
CREATE INDEX aid_payments_untold ON aid_payments (result_at) WHERE result IS NOT NULL AND told_at IS NULL;

-- A file that a bank answered with, and what became of each line. It holds nothing personal.
CREATE TABLE aid_reconciliations (
    id     uuid        PRIMARY KEY,
    sha256 bytea       NOT NULL,
    by     text        NOT NULL,
    at     timestamptz NOT NULL,
    report jsonb       NOT NULL,
    CONSTRAINT aid_reconciliations_once_by_each UNIQUE (sha256, by)
);
