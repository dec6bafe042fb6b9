-- Official papers of aid requests, beside those of cases and numbered with them.
-- A decision says which one it tells of: after an appeal another is made, and no
-- money moves on the paper of the one before.

-- +goose Up
ALTER TABLE papers ALTER COLUMN case_id DROP NOT NULL;
ALTER TABLE papers ADD COLUMN aid_id uuid CONSTRAINT papers_aid_exists REFERENCES aid_requests (id);
ALTER TABLE papers ADD COLUMN decided_at timestamptz; -- of AID_DECISION: the request's own, of the decision that it tells of
ALTER TABLE papers DROP CONSTRAINT papers_kind_known;
ALTER TABLE papers ADD CONSTRAINT papers_kind_known CHECK (kind IN ('FACT_FINDING', 'REFERRAL_LETTER', 'HANDOVER_NOTE',
    'AID_REQUEST', 'AID_FACT_FINDING', 'AID_DECISION', 'AID_RECEIPT'));
ALTER TABLE papers ADD CONSTRAINT papers_are_about_one CHECK (num_nonnulls(case_id, aid_id) = 1 AND (aid_id IS NOT NULL) = (kind LIKE 'AID\_%'));
ALTER TABLE papers ADD CONSTRAINT papers_decision_is_of_one CHECK ((kind = 'AID_DECISION') = (decided_at IS NOT NULL));

CREATE INDEX papers_by_aid ON papers (aid_id) WHERE aid_id IS NOT NULL;
