-- name: KeepCare :exec
-- KeepCare writes how a follow-up stands, for lists.
INSERT INTO care (case_id, owner, manager, problem, risk, plan, province, began_at, ended_at)
VALUES (@case_id, @owner, @manager, @problem, @risk, @plan, @province, @began_at, sqlc.narg('ended_at'))
ON CONFLICT (case_id) DO UPDATE
SET owner = excluded.owner, manager = excluded.manager, problem = excluded.problem, risk = excluded.risk, plan = excluded.plan,
    province = excluded.province, ended_at = excluded.ended_at;

-- name: KeepObligations :exec
-- KeepObligations writes what is owed, new or changed. Go's zero time stands for null.
INSERT INTO obligations (case_id, id, kind, code, member_id, unit_id, state, since, due_at, calls, settled_at, reason, province)
SELECT @case_id, o.id, o.kind, o.code, o.member_id, o.unit_id, o.state, o.since, o.due_at, o.calls, nullif(o.settled_at, '0001-01-01 00:00:00+00'), o.reason, @province
FROM (
    SELECT unnest(@ids::int[]) AS id, unnest(@kinds::text[]) AS kind, unnest(@codes::text[]) AS code, unnest(@member_ids::text[]) AS member_id,
        unnest(@unit_ids::text[]) AS unit_id, unnest(@states::text[]) AS state, unnest(@sinces::timestamptz[]) AS since,
        unnest(@due_ats::timestamptz[]) AS due_at, unnest(@calls::int[]) AS calls, unnest(@settled_ats::timestamptz[]) AS settled_at,
        unnest(@reasons::text[]) AS reason
) o
ON CONFLICT (case_id, id) DO UPDATE
SET member_id = excluded.member_id, unit_id = excluded.unit_id, state = excluded.state, due_at = excluded.due_at, calls = excluded.calls,
    settled_at = excluded.settled_at, reason = excluded.reason, province = excluded.province;

-- name: OfficeMembers :many
-- OfficeMembers lists the duty desks and the supervisors of a unit who may hear of a case.
SELECT m.id, m.level, m.class
FROM members m
JOIN units u ON u.id = m.unit_id AND u.state = 'LIVE'
WHERE m.unit_id = @unit_id AND m.state = 'ACTIVE' AND (m.level <> '' OR m.class = 'SUPERVISOR')
  AND NOT EXISTS (SELECT FROM conflicts c WHERE c.case_id = @case_id AND (c.member_id = m.id OR c.unit_id = m.unit_id))
ORDER BY m.id;

-- name: UnitOf :one
-- UnitOf says for which unit an active member speaks: a duty desk or one of its staff, and nobody who only helps it.
SELECT unit_id FROM members WHERE id = @id AND state = 'ACTIVE' AND (level <> '' OR class IN ('PROFESSIONAL', 'SUPERVISOR'));

-- name: StateOf :one
-- StateOf says where a case stands.
SELECT state FROM cases WHERE id = @id;

-- name: UnitLive :one
-- UnitLive finds a unit that has not been closed.
SELECT id FROM units WHERE id = @id AND state = 'LIVE';

-- name: CaredForBy :many
-- CaredForBy lists the follow-ups that a member manages, or owes something.
SELECT case_id FROM care WHERE ended_at IS NULL AND manager = @member_id::text
UNION
SELECT case_id FROM obligations WHERE state = 'OPEN' AND member_id = @member_id::text;
