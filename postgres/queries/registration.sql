-- name: SetJoining :exec
-- SetJoining keeps what somebody who is joining has answered so far.
INSERT INTO registration_talks (reporter_id, doc_sealed, until) VALUES (@reporter_id, @doc_sealed, @until)
ON CONFLICT (reporter_id) DO UPDATE SET doc_sealed = excluded.doc_sealed, until = excluded.until;

-- name: JoiningOf :one
-- JoiningOf reads what somebody who is joining has answered so far, unless they have broken off.
SELECT doc_sealed FROM registration_talks WHERE reporter_id = @reporter_id AND until > @at;

-- name: EndJoining :exec
-- EndJoining forgets what somebody answered who is not joining any more.
DELETE FROM registration_talks WHERE reporter_id = @reporter_id;

-- name: UnitByCode :one
-- UnitByCode finds an open unit by its code, however it is written.
SELECT id, code, level, name_th, name_en, province, region, lat, lon, state, synthetic
FROM units WHERE lower(code) = lower(@code::text) AND state = 'LIVE' ORDER BY id LIMIT 1;

-- name: RegistrationOfPerson :one
-- RegistrationOfPerson finds the registration of a conversation, and keeps others from changing it meanwhile.
SELECT id, doc, private_sealed FROM registrations WHERE reporter_id = @reporter_id FOR NO KEY UPDATE;

-- name: RegistrationOf :one
-- RegistrationOf reads a registration, and keeps others from changing it meanwhile.
SELECT doc, private_sealed, reporter_id FROM registrations WHERE id = @id FOR NO KEY UPDATE;

-- name: RegistrationOfMember :one
-- RegistrationOfMember finds the registration of a member, if they joined by themselves.
SELECT id, doc FROM registrations WHERE member_id = @member_id FOR NO KEY UPDATE;

-- name: SetRegistration :exec
-- SetRegistration writes a registration, new or known.
INSERT INTO registrations (id, member_id, reporter_id, unit_id, province, state, waits, version, asked_at, call_at, doc, private_sealed)
VALUES (@id, @member_id, @reporter_id, @unit_id, @province, @state, @waits, @version, @asked_at, sqlc.narg('call_at'), @doc, @private_sealed)
ON CONFLICT (id) DO UPDATE SET unit_id = excluded.unit_id, province = excluded.province, state = excluded.state, waits = excluded.waits,
    version = excluded.version, asked_at = excluded.asked_at, call_at = excluded.call_at, doc = excluded.doc,
    private_sealed = excluded.private_sealed;

-- name: MoveRegistration :execrows
-- MoveRegistration moves a registration only if nobody moved it since it was read.
UPDATE registrations SET state = @state, waits = @waits, version = @version, call_at = sqlc.narg('call_at'), doc = @doc
WHERE id = @id AND version = @version_before;

-- name: Registrations :many
-- Registrations lists registrations, the longest waiting first. Every predicate is optional.
SELECT doc FROM registrations
WHERE (sqlc.narg('province')::text IS NULL OR province = sqlc.narg('province'))
  AND (sqlc.narg('unit')::text IS NULL OR unit_id = sqlc.narg('unit'))
  AND (sqlc.narg('state')::text IS NULL OR state = sqlc.narg('state'))
  AND (NOT @waiting::bool OR waits)
  AND (asked_at, id) > (@after_at::timestamptz, @after_id::uuid)
ORDER BY asked_at, id
LIMIT @at_most;

-- name: OverdueRegistrations :many
-- OverdueRegistrations lists those whose instant has passed and whose workflow did nothing.
SELECT id FROM registrations WHERE call_at < @before ORDER BY call_at LIMIT @at_most;

-- name: MembershipOf :one
-- MembershipOf reads where a membership stands, and keeps others from changing it meanwhile.
SELECT state, unit_id, province, level, verifies, on_duty FROM members WHERE id = @id FOR NO KEY UPDATE;

-- name: AccountHeld :one
-- AccountHeld says whether somebody else on the roster has a LINE account and may still be a member with it, or is
-- named where a case must not reach them: under a new name, in another unit, it would.
SELECT EXISTS (
    SELECT FROM members m WHERE m.line_hash = @line_hash AND m.id <> @but::text
        AND (m.state IN ('PENDING', 'ACTIVE', 'SUSPENDED') OR EXISTS (SELECT FROM conflicts c WHERE c.member_id = m.id))
) AS held;

-- name: FreeAccount :exec
-- FreeAccount takes a LINE account from whoever had it before, is no member any more and is named nowhere that a case
-- must not reach them.
UPDATE members SET line_hash = NULL, line_user_sealed = NULL
WHERE line_hash = @line_hash AND id <> @but::text AND state IN ('EXPIRED', 'RESIGNED', 'REJECTED')
  AND NOT EXISTS (SELECT FROM conflicts c WHERE c.member_id = members.id);

-- name: SetMembership :exec
-- SetMembership moves a membership. Who is no member any more, or rests, is off duty, and nobody knows where they are;
-- who has left decides on nobody, and does not when they come back, either.
WITH off AS (
    INSERT INTO duty_changes (unit_id, member_id, at, on_duty, source)
    SELECT m.unit_id, m.id, @at, false, 'HAND' FROM members m WHERE m.id = @id AND m.on_duty AND @state::text <> 'ACTIVE'
)
UPDATE members SET state = @state, valid_until = coalesce(sqlc.narg('valid_until'), valid_until),
    verifies = verifies AND @state IN ('ACTIVE', 'SUSPENDED'), on_duty = on_duty AND @state = 'ACTIVE',
    lat = CASE WHEN @state = 'ACTIVE' THEN lat END, lon = CASE WHEN @state = 'ACTIVE' THEN lon END,
    cell = CASE WHEN @state = 'ACTIVE' THEN cell END, fixed_at = CASE WHEN @state = 'ACTIVE' THEN fixed_at END
WHERE members.id = @id;

-- name: SetVerifies :execrows
-- SetVerifies lets a member who is no minor decide who is a member of their unit, or not any more.
UPDATE members SET verifies = @verifies::bool WHERE id = @id AND (NOT @verifies::bool OR state = 'ACTIVE' AND class <> 'JUNIOR');

-- name: Verifiers :many
-- Verifiers lists who decides on the members of an organisation: its own verifiers, and those of the office that vouches for the group. No minor does.
SELECT m.id FROM members m JOIN units u ON u.id = m.unit_id
WHERE m.state = 'ACTIVE' AND m.class <> 'JUNIOR' AND m.id <> @but::text
  AND (m.verifies AND m.unit_id = @unit_id OR @office::text <> '' AND u.level = @office AND u.province = @province AND (m.verifies OR m.level <> ''))
ORDER BY m.id;

-- name: Offices :many
-- Offices lists the duty desks of the head of a province, or where there is none, of ศรส. central.
SELECT m.id FROM members m
WHERE m.state = 'ACTIVE' AND m.id <> @but::text AND (m.level = 'MSDHS_PROVINCE' AND m.province = @province
    OR m.level = 'HUSEC' AND NOT EXISTS (SELECT FROM members h WHERE h.level = 'MSDHS_PROVINCE' AND h.state = 'ACTIVE' AND h.province = @province))
ORDER BY m.id;

-- name: NotifyMembers :exec
-- NotifyMembers has members told of a membership.
INSERT INTO member_notices (member_id, registration_id, template, reason, at)
SELECT unnest(@member_ids::text[]), sqlc.narg('registration_id')::uuid, @template, @reason, @at;

-- name: CareForMembers :exec
-- CareForMembers has members asked how they are after a hard case, each once for all of one time.
INSERT INTO member_notices (member_id, template, at)
SELECT m.id, @template, @at FROM members m
WHERE m.id = ANY (@member_ids::text[])
  AND NOT EXISTS (SELECT FROM member_notices n WHERE n.member_id = m.id AND n.template = @template AND n.outcome IS NULL);

-- name: NotifyApplicant :exec
-- NotifyApplicant has somebody told of their own registration.
INSERT INTO member_notices (registration_id, template, reason, at) VALUES (@registration_id, @template, @reason, @at);

-- name: UntoldMemberNotices :many
-- UntoldMemberNotices lists who has not been told yet; of those whom a hard case
-- took along, whose case was over by an instant.
SELECT n.id, coalesce(n.member_id, '')::text AS member_id, n.registration_id, n.template, n.reason, n.at,
    coalesce(r.doc, '{}'::jsonb)::jsonb AS doc, r.private_sealed, coalesce(m.language, t.language, 'th')::text AS language,
    m.line_user_sealed, coalesce(m.state, '')::text AS member_state
FROM member_notices n
LEFT JOIN registrations r ON r.id = n.registration_id
LEFT JOIN members m ON m.id = n.member_id
LEFT JOIN threads t ON t.reporter_id = r.reporter_id
WHERE n.outcome IS NULL AND n.id > @after AND (n.template <> @care OR n.at <= @care_since)
ORDER BY n.id
LIMIT @at_most;

-- name: MemberNoticeTold :exec
-- MemberNoticeTold keeps what the channel said to a notice.
UPDATE member_notices SET outcome = @outcome WHERE id = @id;

-- name: LeftOut :many
-- LeftOut lists the members of some units that the whole list of these units does not name any more, and who did not join by themselves.
SELECT m.id FROM members m
WHERE m.unit_id = ANY (@unit_ids::text[]) AND NOT m.id = ANY (@ids::text[]) AND m.state IN ('ACTIVE', 'SUSPENDED', 'PENDING')
  AND NOT EXISTS (SELECT FROM registrations r WHERE r.member_id = m.id)
ORDER BY m.id;

-- name: PracticeMembers :many
-- PracticeMembers notes that the active members of a province, or of one of its units, practise now, and lists them.
UPDATE members SET tested_at = @at
WHERE level = '' AND state = 'ACTIVE' AND line_hash IS NOT NULL AND members.province = @province
  AND (@unit_code::text = '' OR members.unit_id IN (SELECT u.id FROM units u WHERE u.code = @unit_code))
RETURNING members.id;

-- name: PracticeAnswers :one
-- PracticeAnswers counts who has practised and who has answered.
SELECT count(*)::int AS asked, (count(*) FILTER (WHERE answered_at >= tested_at))::int AS answered
FROM members WHERE level = '' AND state = 'ACTIVE' AND tested_at IS NOT NULL AND province = @province;
