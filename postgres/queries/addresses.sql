-- name: UpsertAddresses :exec
-- UpsertAddresses writes ways to members, new or known; what is verified stays so. Go's zero time and -2 stand for null.
INSERT INTO contacts (member_id, channel, address_sealed, address_hash, after_s, from_minute, until_minute, verified_at)
SELECT a.member_id, a.channel, a.address_sealed, a.address_hash, nullif(a.after_s, -2), nullif(a.from_minute, -2), nullif(a.until_minute, -2),
    nullif(a.verified_at, '0001-01-01 00:00Z')
FROM (
    SELECT unnest(@member_ids::text[]) AS member_id, unnest(@channels::text[]) AS channel, unnest(@addresses_sealed::bytea[]) AS address_sealed,
        unnest(@address_hashes::text[]) AS address_hash, unnest(@after_s::int[]) AS after_s, unnest(@from_minutes::smallint[]) AS from_minute,
        unnest(@until_minutes::smallint[]) AS until_minute, unnest(@verified_at::timestamptz[]) AS verified_at
) a
ON CONFLICT (member_id, channel, address_hash) DO UPDATE SET after_s = excluded.after_s, from_minute = excluded.from_minute,
    until_minute = excluded.until_minute, verified_at = coalesce(contacts.verified_at, excluded.verified_at);

-- name: AddAddress :one
-- AddAddress writes a new way to a member, which counts once its owner has answered from it.
INSERT INTO contacts (member_id, channel, address_sealed, address_hash, after_s, from_minute, until_minute)
VALUES (@member_id, @channel, @address_sealed, @address_hash, sqlc.narg('after_s'), sqlc.narg('from_minute'), sqlc.narg('until_minute'))
RETURNING id;

-- name: AddressesOf :many
-- AddressesOf lists the ways to a member beside LINE.
SELECT id, channel, address_sealed, after_s, from_minute, until_minute, verified_at,
    coalesce(code_until > now(), false)::bool AS code_waits
FROM contacts
WHERE member_id = @member_id
ORDER BY created_at, id;

-- name: RemoveAddress :execrows
-- RemoveAddress forgets a way to a member.
DELETE FROM contacts WHERE id = @id AND member_id = @member_id;

-- name: SetCode :one
-- SetCode keeps the code that is about to be sent to an address, unless one was sent in the last minute.
UPDATE contacts c SET code_hash = @code_hash, code_until = now() + @life::interval, code_tries = 0
FROM members m
WHERE c.id = @id AND c.member_id = @member_id AND m.id = c.member_id
  AND (c.code_until IS NULL OR c.code_until + '1 minute'::interval < now() + @life::interval)
RETURNING c.channel, c.address_sealed, m.language;

-- name: CodeOf :one
-- CodeOf reads the code of an address that is still good, and keeps others from trying it meanwhile.
SELECT id, member_id, coalesce(code_hash, '')::text AS code_hash, code_tries
FROM contacts
WHERE id = @id AND member_id = @member_id AND code_until > now()
FOR NO KEY UPDATE;

-- name: CodesOfAddress :many
-- CodesOfAddress reads the codes that wait for an answer from an address.
SELECT id, member_id, coalesce(code_hash, '')::text AS code_hash, code_tries
FROM contacts
WHERE address_hash = @address_hash AND code_until > now()
ORDER BY id
FOR NO KEY UPDATE;

-- name: WrongCode :exec
-- WrongCode counts a wrong code; after so many the code is gone.
UPDATE contacts
SET code_tries = code_tries + 1,
    code_hash = CASE WHEN code_tries + 1 < @most::int THEN code_hash END,
    code_until = CASE WHEN code_tries + 1 < @most::int THEN code_until END
WHERE id = @id;

-- name: Verify :exec
-- Verify notes that the owner of an address has answered from it: a number is
-- proved for calls and for messages at once.
UPDATE contacts k SET verified_at = @at, code_hash = NULL, code_until = NULL, code_tries = 0
FROM contacts proved
WHERE proved.id = @id AND k.member_id = proved.member_id AND k.address_hash = proved.address_hash;

-- name: OwnersOf :many
-- OwnersOf says which active members have proved an address.
SELECT c.member_id, m.level, m.language
FROM contacts c
JOIN members m ON m.id = c.member_id AND m.state = 'ACTIVE'
WHERE c.address_hash = @address_hash AND c.verified_at IS NOT NULL
GROUP BY c.member_id, m.level, m.language
ORDER BY c.member_id;

-- name: AskedOf :many
-- AskedOf lists what some members were told on a channel since an instant, the newest first.
SELECT d.recipient, d.case_id, d.seq, d.template, d.at, (d.answered_at IS NOT NULL)::bool AS answered
FROM deliveries d
WHERE d.recipient = ANY (@recipients::text[]) AND d.channel <> 'LINE' AND d.channel = @channel AND d.at > @since
ORDER BY d.at DESC
LIMIT @at_most;

-- name: AskedAbout :many
-- AskedAbout lists what some members were told about cases, on whatever channel, the newest first.
SELECT d.recipient, d.case_id, d.seq, d.template, d.at, (d.answered_at IS NOT NULL)::bool AS answered
FROM deliveries d
WHERE d.case_id = ANY (@case_ids::uuid[]) AND d.recipient = ANY (@recipients::text[])
ORDER BY d.at DESC
LIMIT @at_most;

-- name: CasesBetween :many
-- CasesBetween finds the cases of a code, which is the beginning of their ID.
SELECT id FROM cases WHERE id BETWEEN @first::uuid AND @last::uuid ORDER BY id LIMIT 5;

-- name: OfferedTo :many
-- OfferedTo finds the open cases that have asked members, whether or not a message is written down yet.
SELECT c.id, (o ->> 'member')::text AS member_id
FROM cases c, jsonb_array_elements(c.doc -> 'tracks') t, jsonb_array_elements(t -> 'offers') o
WHERE c.ended_at IS NULL AND c.state <> 'FOLLOW_UP' AND o ->> 'member' = ANY (@member_ids::text[])
GROUP BY c.id, o ->> 'member'
ORDER BY c.id
LIMIT 50;

-- name: ReadDocs :many
-- ReadDocs reads cases without what is personal.
SELECT id, doc FROM cases WHERE id = ANY (@ids::uuid[]);

-- name: AnsweredBy :exec
-- AnsweredBy notes that a member answered what was asked about a case on a channel.
UPDATE deliveries SET answered_at = @at
WHERE case_id = @case_id AND recipient = @recipient AND channel = @channel AND answered_at IS NULL;

-- name: HandedToPhone :execrows
-- HandedToPhone notes that a message is on the phone or in the mailbox.
UPDATE deliveries SET delivered_at = coalesce(delivered_at, @at)
WHERE request_id = @request_id AND request_id <> '' AND channel <> 'LINE' AND channel = @channel;

-- name: NotHanded :execrows
-- NotHanded notes that a message which the channel had taken does not arrive. What was answered has arrived.
UPDATE deliveries SET outcome = CASE WHEN answered_at IS NULL AND delivered_at IS NULL THEN 'FAILED' ELSE outcome END
WHERE request_id = @request_id AND request_id <> '' AND channel <> 'LINE' AND channel = @channel;

-- name: MayHelp :execrows
-- MayHelp lets one line of help go to a conversation, if there was none for so long.
UPDATE threads SET helped_at = now() WHERE reporter_id = @reporter_id AND (helped_at IS NULL OR helped_at <= now() - @apart::interval);

-- name: Schedules :many
-- Schedules lists every schedule.
SELECT unit_id, doc FROM duty_schedules ORDER BY unit_id;

-- name: OverridesAfter :many
-- OverridesAfter lists the overrides that end after an instant, in the order in which they were made.
SELECT unit_id, member_id, cover_id, from_at, to_at
FROM duty_overrides
WHERE withdrawn_at IS NULL AND to_at > @after
ORDER BY pos;

-- name: Unreachable :many
-- Unreachable lists who is in a ladder, as a duty desk or as an officer on duty now or in some days, and has no
-- way that works: LINE that the unit confirmed and nobody blocked, or an address that its owner has proved. A mail
-- reaches a desk only.
SELECT m.id, m.unit_id, m.level, m.role, m.province,
    (m.line_hash IS NOT NULL AND t.blocked_at IS NOT NULL)::bool AS blocked,
    (m.line_hash IS NOT NULL OR EXISTS (SELECT FROM contacts k WHERE k.member_id = m.id))::bool AS has_any
FROM members m
JOIN units u ON u.id = m.unit_id
LEFT JOIN threads t ON t.reporter_id = m.line_hash
WHERE m.state = 'ACTIVE' AND m.id > @after::text
  AND (sqlc.narg('province')::text IS NULL OR m.province = sqlc.narg('province'))
  AND (m.level <> '' AND u.state = 'LIVE' OR m.level = '' AND m.role <> '' AND (m.on_duty OR m.id = ANY (@on_call::text[])))
  AND (m.line_hash IS NULL OR m.verified_at IS NULL OR t.blocked_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM contacts k WHERE k.member_id = m.id AND k.verified_at IS NOT NULL AND (k.channel <> 'EMAIL' OR m.level <> ''))
ORDER BY m.id
LIMIT @at_most;

-- name: CountUnreachable :one
-- CountUnreachable counts what Unreachable lists.
SELECT count(*)::int
FROM members m
JOIN units u ON u.id = m.unit_id
LEFT JOIN threads t ON t.reporter_id = m.line_hash
WHERE m.state = 'ACTIVE'
  AND (m.level <> '' AND u.state = 'LIVE' OR m.level = '' AND m.role <> '' AND (m.on_duty OR m.id = ANY (@on_call::text[])))
  AND (m.line_hash IS NULL OR m.verified_at IS NULL OR t.blocked_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM contacts k WHERE k.member_id = m.id AND k.verified_at IS NOT NULL AND (k.channel <> 'EMAIL' OR m.level <> ''));

-- name: ReachableDesks :many
-- ReachableDesks lists the duty desks that a ladder reaches: active, on duty now or on call in some days, with a way that works.
SELECT m.unit_id, m.level
FROM members m
JOIN units u ON u.id = m.unit_id AND u.state = 'LIVE'
LEFT JOIN threads t ON t.reporter_id = m.line_hash
WHERE m.level <> '' AND m.state = 'ACTIVE' AND (m.on_duty OR m.id = ANY (@on_call::text[]))
  AND (m.line_hash IS NOT NULL AND m.verified_at IS NOT NULL AND t.blocked_at IS NULL
    OR EXISTS (SELECT FROM contacts k WHERE k.member_id = m.id AND k.verified_at IS NOT NULL))
ORDER BY m.id;

-- name: TakeMorning :execrows
-- TakeMorning lets one worker make the list of a day, if nobody has made it or makes it now.
INSERT INTO mornings (day, leased_until) VALUES (@day::date, now() + @lease::interval)
ON CONFLICT (day) DO UPDATE SET leased_until = excluded.leased_until
WHERE mornings.told_at IS NULL AND mornings.leased_until < now();

-- name: MorningTold :exec
-- MorningTold notes what the list of a day counted, and that it was told.
UPDATE mornings SET people = @people, ladders = @ladders, told_at = @at WHERE day = @day::date;

-- name: LatestMorning :one
-- LatestMorning reads the latest list that was told.
SELECT told_at, people, ladders FROM mornings WHERE told_at IS NOT NULL ORDER BY day DESC LIMIT 1;
