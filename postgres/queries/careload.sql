-- name: FollowUps :many
-- FollowUps lists the cases in follow-up, the newest first, with what is owed in each.
SELECT c.case_id, c.owner, c.manager, c.problem, c.risk, c.plan, c.province, c.began_at, o.owed, o.overdue, o.next_due_at
FROM care c
CROSS JOIN LATERAL (
    SELECT count(*)::int AS owed, count(*) FILTER (WHERE x.due_at < @at)::int AS overdue, coalesce(min(x.due_at), '0001-01-01 00:00:00+00')::timestamptz AS next_due_at
    FROM obligations x
    WHERE x.case_id = c.case_id AND x.state = 'OPEN'
) o
WHERE c.ended_at IS NULL
  AND (@owner::text = '' OR c.owner = @owner)
  AND (@manager::text = '' OR c.manager = @manager)
  AND (@risk::text = '' OR c.risk = @risk)
  AND (cardinality(@provinces::text[]) = 0 OR c.province = ANY (@provinces))
  AND NOT EXISTS (SELECT FROM conflicts k WHERE k.case_id = c.case_id AND k.unit_id = @blind::text)
  AND (NOT @overdue_only::boolean OR o.overdue > 0)
  AND (c.began_at, c.case_id) < (@after_at::timestamptz, @after_id::uuid)
ORDER BY c.began_at DESC, c.case_id DESC
LIMIT @at_most;

-- name: OwedByMember :many
-- OwedByMember lists what a member owes, the earliest due first.
SELECT o.case_id, o.id, o.kind, o.code, o.member_id, o.unit_id, o.state, o.since, o.due_at, o.calls, o.settled_at, o.reason, o.province
FROM obligations o
WHERE o.state = 'OPEN' AND o.member_id = @member_id
  AND (@unit_id::text = '' OR o.unit_id = @unit_id)
  AND (@kind::text = '' OR o.kind = @kind)
  AND (cardinality(@provinces::text[]) = 0 OR o.province = ANY (@provinces))
  AND NOT EXISTS (SELECT FROM conflicts k WHERE k.case_id = o.case_id AND k.unit_id = @blind::text)
  AND o.due_at < @before AND (o.due_at, o.case_id, o.id) > (@after_at::timestamptz, @after_case::uuid, @after_id::int)
ORDER BY o.due_at, o.case_id, o.id
LIMIT @at_most;

-- name: OwedByUnit :many
-- OwedByUnit lists what is owed by an office or a partner, the earliest due first.
SELECT o.case_id, o.id, o.kind, o.code, o.member_id, o.unit_id, o.state, o.since, o.due_at, o.calls, o.settled_at, o.reason, o.province
FROM obligations o
WHERE o.state = 'OPEN' AND o.unit_id = @unit_id
  AND (@kind::text = '' OR o.kind = @kind)
  AND (cardinality(@provinces::text[]) = 0 OR o.province = ANY (@provinces))
  AND NOT EXISTS (SELECT FROM conflicts k WHERE k.case_id = o.case_id AND k.unit_id = @blind::text)
  AND o.due_at < @before AND (o.due_at, o.case_id, o.id) > (@after_at::timestamptz, @after_case::uuid, @after_id::int)
ORDER BY o.due_at, o.case_id, o.id
LIMIT @at_most;

-- name: OwedByAnybody :many
-- OwedByAnybody lists what is owed, the earliest due first.
SELECT o.case_id, o.id, o.kind, o.code, o.member_id, o.unit_id, o.state, o.since, o.due_at, o.calls, o.settled_at, o.reason, o.province
FROM obligations o
WHERE o.state = 'OPEN'
  AND (@kind::text = '' OR o.kind = @kind)
  AND (cardinality(@provinces::text[]) = 0 OR o.province = ANY (@provinces))
  AND NOT EXISTS (SELECT FROM conflicts k WHERE k.case_id = o.case_id AND k.unit_id = @blind::text)
  AND o.due_at < @before AND (o.due_at, o.case_id, o.id) > (@after_at::timestamptz, @after_case::uuid, @after_id::int)
ORDER BY o.due_at, o.case_id, o.id
LIMIT @at_most;

-- name: CareLoad :many
-- CareLoad counts open cases and what is owed in them, by office and case manager.
SELECT c.owner, c.manager, count(DISTINCT c.case_id)::int AS cases, count(o.id)::int AS owed, count(o.id) FILTER (WHERE o.due_at < @at)::int AS overdue,
    coalesce(min(o.due_at) FILTER (WHERE o.due_at < @at), '0001-01-01 00:00:00+00')::timestamptz AS oldest
FROM care c
LEFT JOIN obligations o ON o.case_id = c.case_id AND o.state = 'OPEN'
WHERE c.ended_at IS NULL
  AND (cardinality(@provinces::text[]) = 0 OR c.province = ANY (@provinces))
  AND NOT EXISTS (SELECT FROM conflicts k WHERE k.case_id = c.case_id AND k.unit_id = @blind::text)
GROUP BY c.owner, c.manager
ORDER BY c.owner, c.manager;

-- name: ReferralLoad :many
-- ReferralLoad counts what became of the referrals made since then, by the office that owns the case.
SELECT c.owner,
    count(*) FILTER (WHERE o.kind = 'REFERRAL' AND o.state = 'DONE')::int AS accepted,
    count(*) FILTER (WHERE o.kind = 'REFERRAL' AND o.state = 'REJECTED')::int AS declined,
    count(*) FILTER (WHERE o.kind = 'REFERRAL' AND o.state = 'MISSED')::int AS timed_out,
    count(*) FILTER (WHERE o.kind = 'REFERRAL' AND o.state = 'OPEN')::int AS waiting,
    count(*) FILTER (WHERE o.kind = 'SERVICE' AND o.state IN ('DONE', 'UNABLE', 'REFUSED'))::int AS reported_back
FROM obligations o
JOIN care c ON c.case_id = o.case_id
WHERE o.kind IN ('REFERRAL', 'SERVICE') AND o.since >= @since
  AND (cardinality(@provinces::text[]) = 0 OR c.province = ANY (@provinces))
  AND NOT EXISTS (SELECT FROM conflicts k WHERE k.case_id = c.case_id AND k.unit_id = @blind::text)
GROUP BY c.owner
ORDER BY c.owner;

-- name: SupervisorsOf :many
-- SupervisorsOf counts the active supervisors of units.
SELECT unit_id, count(*)::int AS supervisors
FROM members
WHERE unit_id = ANY (@units::text[]) AND class = 'SUPERVISOR' AND state = 'ACTIVE'
GROUP BY unit_id;
