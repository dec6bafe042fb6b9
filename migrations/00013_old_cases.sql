-- Many calls ask about an earlier case. It is found by the number that was given
-- in it, through a keyed hash: the number itself rests sealed in the case.

-- +goose Up
CREATE TABLE case_phones (
    phone_hash text NOT NULL, -- of the number in E.164 form
    case_id    uuid NOT NULL CONSTRAINT case_phones_case_exists REFERENCES cases (id),
    PRIMARY KEY (phone_hash, case_id)
);
