-- Who did what, written in the transaction of the act, never changed. meta is
-- the exact text that a later seal signs; commitment binds the sealed private
-- part without showing it.

-- +goose Up
CREATE TABLE audit (
    id         bigserial   PRIMARY KEY,
    uuid       uuid        NOT NULL DEFAULT gen_random_uuid() CONSTRAINT audit_entry_is_one UNIQUE,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    action     text        NOT NULL,
    case_id    uuid        NOT NULL,
    purpose    text        NOT NULL
        CONSTRAINT audit_purpose_known CHECK (purpose IN ('emergency_response', 'protection_followup', 'referral', 'supervision',
            'statistics', 'audit', 'legal')),
    meta       bytea       NOT NULL,
    commitment bytea       NOT NULL CONSTRAINT audit_commitment_is_a_hash CHECK (octet_length(commitment) = 32)
);

CREATE INDEX audit_by_case ON audit (case_id, id);

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
