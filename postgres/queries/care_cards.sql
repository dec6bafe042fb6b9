-- name: OwedCards :many
-- OwedCards lists what a member owes to cases in follow-up, the earliest first, without cases that must not reach them.
SELECT o.id, c.doc
FROM obligations o
JOIN cases c ON c.id = o.case_id AND c.state = 'FOLLOW_UP'
JOIN members m ON m.id = @member_id::text
WHERE o.member_id = @member_id::text AND o.state = 'OPEN'
  AND NOT EXISTS (SELECT FROM conflicts x WHERE x.case_id = o.case_id AND (x.member_id = m.id OR x.unit_id = m.unit_id))
ORDER BY o.due_at, o.case_id, o.id
LIMIT @at_most;
