-- name: KeepPhones :exec
-- KeepPhones lets a case be found by the numbers that were given in it.
INSERT INTO case_phones (phone_hash, case_id)
SELECT unnest(@phone_hashes::text[]), @case_id
ON CONFLICT (phone_hash, case_id) DO NOTHING;

-- name: OldCases :many
-- OldCases finds the cases in which a number was given, newest first; no provinces: everywhere.
SELECT c.id, c.state, c.province, c.reported_at, c.ended_at
FROM case_phones p JOIN cases c ON c.id = p.case_id
WHERE p.phone_hash = @phone_hash AND (cardinality(@provinces::text[]) = 0 OR c.province = ANY (@provinces::text[]))
ORDER BY c.reported_at DESC, c.id DESC
LIMIT @at_most;

-- name: AuditSearch :exec
-- AuditSearch writes down that somebody searched, and each case that they are about to be told of.
INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
SELECT @at, @actor, s.action, s.case_id, @purpose, s.meta, @commitment
FROM (SELECT unnest(@actions::text[]) AS action, unnest(@case_ids::uuid[]) AS case_id, unnest(@metas::bytea[]) AS meta) s;
