-- What is looked for every few seconds, and what people open, reads no more of
-- the aid requests than it finds.

-- +goose Up
CREATE INDEX aid_requests_unheard ON aid_requests (id) WHERE inbox_last > inbox_heard;
CREATE INDEX aid_requests_drafts ON aid_requests (begun_at) WHERE state = 'DRAFT';
CREATE INDEX aid_requests_by_province ON aid_requests (province, begun_at DESC, id DESC);
CREATE INDEX aid_requests_by_submitted ON aid_requests (submitted_at);
CREATE INDEX aid_requests_of_household ON aid_requests (household_id) WHERE household_id IS NOT NULL;
