-- name: AlarmOf :one
-- AlarmOf finds the alarm of the second watcher that an operator of the national
-- desk answers: the one with a number or about a case, which may have reached the
-- operator before the watcher noted that it rang, or without either the newest
-- that rang and waits. Alone says that no other of its kind waits.
SELECT a.id, a.subject, coalesce(a.rung_at, a.raised_at)::timestamptz AS rung_at,
    NOT EXISTS (SELECT FROM alarms b WHERE b.kind = a.kind AND b.id <> a.id AND b.cleared_at IS NULL AND b.answered_at IS NULL) AS alone
FROM members m CROSS JOIN alarms a
WHERE m.id = @member_id AND m.level = 'DESK' AND m.state = 'ACTIVE'
  AND (a.id = @alarm::bigint OR @alarm = 0 AND a.cleared_at IS NULL AND a.answered_at IS NULL AND (@code::text <> '' OR m.id = ANY (a.rung_to)))
  AND starts_with(replace(a.subject, '-', ''), @code)
ORDER BY a.rung_at DESC NULLS LAST, a.id DESC
LIMIT 1;
