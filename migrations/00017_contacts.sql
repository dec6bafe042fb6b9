-- Ways to a member beside LINE, each with its own rule, and what became of every
-- message on every way. An address counts only once its owner has answered from
-- it. A report may come, and be answered, by SMS.

-- +goose Up
ALTER TABLE threads DROP CONSTRAINT threads_channel_known;
ALTER TABLE threads ADD CONSTRAINT threads_channel_known
    CHECK (channel IN ('LINE', 'SMS', 'HOTLINE_1300', 'RADIO_191', 'EMS_1669', 'REST'));
ALTER TABLE cases DROP CONSTRAINT cases_channel_known;
ALTER TABLE cases ADD CONSTRAINT cases_channel_known
    CHECK (channel IN ('LINE', 'SMS', 'HOTLINE_1300', 'RADIO_191', 'EMS_1669', 'REST'));

CREATE TABLE contacts (
    id             uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    member_id      text        NOT NULL CONSTRAINT contacts_member_exists REFERENCES members (id),
    channel        text        NOT NULL
        CONSTRAINT contacts_channel_known CHECK (channel IN ('SMS', 'VOICE', 'EMAIL')),
    address_sealed bytea       NOT NULL, -- for the place "member|channel"
    address_hash   text        NOT NULL, -- keyed, the same as threads.reporter_id of SMS; a number is one person whether it writes or is called
    after_s        int         CONSTRAINT contacts_after_is_a_day_at_most CHECK (after_s BETWEEN -1 AND 86400),
                                         -- seconds of silence, case time; -1: only when LINE failed; null: as the policy says
    from_minute    smallint    CONSTRAINT contacts_from_is_of_the_day CHECK (from_minute BETWEEN 0 AND 1439), -- of the day in Thailand
    until_minute   smallint    CONSTRAINT contacts_until_is_of_the_day CHECK (until_minute BETWEEN 0 AND 1439),
    code_hash      text,                 -- of the code that was sent to prove the address
    code_until     timestamptz,          -- real time
    code_tries     smallint    NOT NULL DEFAULT 0,
    verified_at    timestamptz,          -- null: does not count
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contacts_hours_are_whole CHECK ((from_minute IS NULL) = (until_minute IS NULL)),
    CONSTRAINT contacts_code_is_whole CHECK ((code_hash IS NULL) = (code_until IS NULL)),
    CONSTRAINT contacts_address_once UNIQUE (member_id, channel, address_hash)
);

CREATE INDEX contacts_by_address ON contacts (address_hash);

ALTER TABLE deliveries
    ADD COLUMN channel      text NOT NULL DEFAULT 'LINE'
        CONSTRAINT deliveries_channel_known CHECK (channel IN ('LINE', 'SMS', 'VOICE', 'EMAIL')),
    ADD COLUMN delivered_at timestamptz, -- the channel says that the phone or mailbox has it
    ADD COLUMN answered_at  timestamptz; -- the person answered it there
ALTER TABLE deliveries DROP CONSTRAINT deliveries_outcome_known;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_outcome_known CHECK (outcome IN ('ACCEPTED', 'REFUSED', 'QUOTA', 'NO_CONTACT',
    'WITHHELD', 'UNKNOWN', 'STALE', 'FAILED'));
ALTER TABLE duty_notices DROP CONSTRAINT duty_notices_outcome_known;
ALTER TABLE duty_notices ADD CONSTRAINT duty_notices_outcome_known CHECK (outcome IN ('ACCEPTED', 'REFUSED', 'QUOTA', 'NO_CONTACT',
    'WITHHELD', 'UNKNOWN', 'STALE', 'FAILED'));
-- A report of delivery names the message by what the provider called it.
CREATE INDEX deliveries_by_request ON deliveries (request_id) WHERE channel <> 'LINE' AND request_id <> '';
-- The newest question to a person, which an answer without a code is about.
CREATE INDEX deliveries_by_recipient ON deliveries (recipient, at) WHERE channel <> 'LINE';

GRANT SELECT (member_id, channel, address_sealed, address_hash, verified_at) ON contacts TO ess_watch;
