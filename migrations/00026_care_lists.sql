-- The lists of follow-ups and the counts of referrals, each through an index of
-- what it is about: cases that have ended and settled work pile up for years.

-- +goose Up
CREATE INDEX care_open_by_began ON care (began_at, case_id) WHERE ended_at IS NULL;
CREATE INDEX obligations_referred ON obligations (since, case_id) WHERE kind IN ('REFERRAL', 'SERVICE');
