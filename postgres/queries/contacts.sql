-- name: MemberContact :many
-- MemberContact reads how a member is reached: in LINE unless we are blocked there,
-- and by each verified address beside it, the newest first. Of a duty desk it reads
-- the group of its unit, too. Of a case that must not reach somebody, no telephone or
-- group is used that they share. Who is no active member is reached by nothing.
SELECT m.line_user_sealed, t.blocked_at, m.language, m.unit_id, m.level, g.group_sealed, c.channel, c.address_sealed, c.after_s, c.from_minute, c.until_minute,
    EXISTS (SELECT FROM conflicts x
            WHERE x.case_id = sqlc.narg('about')::uuid AND (x.member_id = m.id OR x.unit_id = m.unit_id)) AS kept_away
FROM members m
LEFT JOIN threads t ON t.reporter_id = m.line_hash
LEFT JOIN unit_groups g ON g.unit_id = m.unit_id AND m.level <> '' AND NOT EXISTS (
    SELECT FROM conflicts x JOIN unit_groups o ON o.unit_id = x.unit_id
    WHERE x.case_id = sqlc.narg('about')::uuid AND o.group_hash = g.group_hash)
LEFT JOIN contacts c ON c.member_id = m.id AND c.verified_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM conflicts x JOIN members o ON o.id = x.member_id OR o.unit_id = x.unit_id JOIN contacts k ON k.member_id = o.id
    WHERE x.case_id = sqlc.narg('about')::uuid AND o.id <> m.id AND k.address_hash = c.address_hash)
WHERE m.id = @id AND m.state = 'ACTIVE' AND (m.valid_until IS NULL OR m.valid_until > @at)
ORDER BY c.verified_at DESC, c.id;

-- name: ReporterContact :one
-- ReporterContact reads how a reporter is reached, and whether an open case of
-- theirs is quiet: then nothing unasked is said to them, whatever case it is about.
SELECT channel, user_sealed, language, blocked_at,
    EXISTS (SELECT FROM cases WHERE cases.reporter_id = threads.reporter_id AND ended_at IS NULL AND cases.quiet) AS quiet
FROM threads WHERE threads.reporter_id = @reporter_id;

-- name: Delivered :exec
-- Delivered keeps what a channel said to messages; a repeat of a key overwrites.
INSERT INTO deliveries (key, case_id, seq, recipient, channel, template, outcome, request_id, at)
SELECT unnest(@keys::text[]), unnest(@case_ids::uuid[]), unnest(@seqs::int[]), unnest(@recipients::text[]), unnest(@channels::text[]),
    unnest(@templates::text[]), unnest(@outcomes::text[]), unnest(@request_ids::text[]), unnest(@ats::timestamptz[])
ON CONFLICT (key) DO UPDATE SET outcome = excluded.outcome, request_id = excluded.request_id, at = excluded.at;

-- name: Answered :many
-- Answered says which messages a channel has answered for good.
SELECT key, outcome FROM deliveries WHERE key = ANY (@keys::text[]) AND outcome <> 'UNKNOWN';
