-- name: SetSchedule :exec
-- SetSchedule sets the schedule of a unit, to be looked at now.
INSERT INTO duty_schedules (unit_id, doc, set_at, due_at)
VALUES (@unit_id, @doc, @at, @at)
ON CONFLICT (unit_id) DO UPDATE SET doc = excluded.doc, set_at = excluded.set_at, due_at = excluded.due_at;

-- name: ScheduleOf :one
-- ScheduleOf reads the schedule of a unit.
SELECT doc, set_at FROM duty_schedules WHERE unit_id = @unit_id;

-- name: CountOfUnit :one
-- CountOfUnit says how many of some members belong to a unit.
SELECT count(*) FROM members WHERE unit_id = @unit_id AND id = ANY (@ids::text[]);

-- name: AddOverride :exec
-- AddOverride lays an override over the schedule of a unit.
INSERT INTO duty_overrides (id, unit_id, member_id, cover_id, from_at, to_at)
VALUES (@id, @unit_id, sqlc.narg('member_id'), sqlc.narg('cover_id'), @from_at, @to_at);

-- name: WithdrawOverride :execrows
-- WithdrawOverride takes back an override that is not over.
UPDATE duty_overrides SET withdrawn_at = @at
WHERE id = @id AND unit_id = @unit_id AND withdrawn_at IS NULL AND to_at > @at;

-- name: OverridesOf :many
-- OverridesOf lists the overrides of a unit that end after an instant, in the order in which they were made.
SELECT id, member_id, cover_id, from_at, to_at
FROM duty_overrides
WHERE unit_id = @unit_id AND withdrawn_at IS NULL AND to_at > @after
ORDER BY pos;

-- name: MakeDutyDue :exec
-- MakeDutyDue has somebody look at the duty of a unit.
UPDATE duty_schedules SET due_at = least(due_at, @at) WHERE unit_id = @unit_id;

-- name: DueSchedule :one
-- DueSchedule takes the schedule that waits longest for somebody to look, if nobody else has it.
SELECT unit_id, doc, set_at FROM duty_schedules WHERE due_at <= @now ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: ScheduleSeen :exec
-- ScheduleSeen says when somebody must look again.
UPDATE duty_schedules SET due_at = @due_at WHERE unit_id = @unit_id;

-- name: StandingOf :many
-- StandingOf lists the members of a unit with the latest change of their duty that a shift or a person made; Go's
-- zero time stands for none. What a list said neither begins a shift nor is anybody's wish.
SELECT m.id, m.level, (m.state = 'ACTIVE')::bool AS active, m.on_duty,
    EXISTS (SELECT 1 FROM assignments a WHERE a.member_id = m.id) AS busy,
    coalesce(c.at, '0001-01-01 00:00Z')::timestamptz AS last_at, coalesce(c.on_duty, false)::bool AS last_on, coalesce(c.source, '')::text AS last_source
FROM members m
LEFT JOIN LATERAL (
    SELECT d.at, d.on_duty, d.source FROM duty_changes d WHERE d.unit_id = m.unit_id AND d.member_id = m.id AND d.source <> 'LIST'
    ORDER BY d.id DESC LIMIT 1
) c ON true
WHERE m.unit_id = @unit_id
ORDER BY m.id
FOR NO KEY UPDATE OF m;

-- name: AddDutyNotice :exec
-- AddDutyNotice has a member told of a change of duty.
INSERT INTO duty_notices (unit_id, member_id, template, at, until)
VALUES (@unit_id, @member_id, @template, @at, sqlc.narg('until'));

-- name: OpenDutyGap :execrows
-- OpenDutyGap notes that the shift of a unit has nobody, once.
INSERT INTO duty_gaps (unit_id, since) VALUES (@unit_id, @since) ON CONFLICT DO NOTHING;

-- name: AddDutyGapNotices :exec
-- AddDutyGapNotices has the duty desks of a unit told that its shift has nobody.
INSERT INTO duty_notices (unit_id, member_id, template, at)
SELECT m.unit_id, m.id, 'duty_gap', @at FROM members m WHERE m.unit_id = @unit_id AND m.level <> '' AND m.state = 'ACTIVE';

-- name: EndDutyGap :exec
-- EndDutyGap notes that the shift of a unit has somebody again.
UPDATE duty_gaps SET ended_at = @at WHERE unit_id = @unit_id AND ended_at IS NULL;

-- name: OpenDutyGaps :many
-- OpenDutyGaps lists the units whose shift has nobody.
SELECT g.unit_id, u.province, g.since
FROM duty_gaps g
JOIN units u ON u.id = g.unit_id
WHERE g.ended_at IS NULL AND (sqlc.narg('province')::text IS NULL OR u.province = sqlc.narg('province'))
ORDER BY g.since, g.unit_id
LIMIT @at_most;

-- name: UntoldDutyNotices :many
-- UntoldDutyNotices lists who has not been told yet, with how they are reached.
SELECT n.id, n.template, n.at, n.until, n.member_id, m.language, m.line_user_sealed, u.name_th, u.name_en
FROM duty_notices n
JOIN members m ON m.id = n.member_id
JOIN units u ON u.id = n.unit_id
WHERE n.outcome IS NULL AND n.id > @after
ORDER BY n.id
LIMIT @at_most;

-- name: DutyNoticeTold :exec
-- DutyNoticeTold keeps what the channel said to a notice.
UPDATE duty_notices SET outcome = @outcome WHERE id = @id;

-- name: DutyAt :many
-- DutyAt lists who of a unit had been switched on at an instant and was not yet switched off; Go's zero time stands
-- for still on duty.
SELECT c.member_id, c.at AS from_at, c.source, coalesce((
    SELECT min(e.at) FROM duty_changes e
    WHERE e.unit_id = c.unit_id AND e.member_id = c.member_id AND e.id > c.id AND NOT e.on_duty
), '0001-01-01 00:00Z')::timestamptz AS to_at
FROM (
    SELECT DISTINCT ON (d.member_id) d.id, d.unit_id, d.member_id, d.at, d.on_duty, d.source
    FROM duty_changes d
    WHERE d.unit_id = @unit_id AND d.at <= @instant
    ORDER BY d.member_id, d.id DESC
) c
WHERE c.on_duty
ORDER BY c.member_id;

-- name: SetCalendar :exec
-- SetCalendar gives a member's calendar feed a new address; the old one ends.
INSERT INTO duty_calendars (member_id, token_hash) VALUES (@member_id, @token_hash)
ON CONFLICT (member_id) DO UPDATE SET token_hash = excluded.token_hash;

-- name: DropCalendar :execrows
-- DropCalendar ends a member's calendar feed.
DELETE FROM duty_calendars WHERE member_id = @member_id;

-- name: CalendarOf :one
-- CalendarOf finds whose calendar feed an address is.
SELECT m.id, m.unit_id, m.language, u.name_th, u.name_en
FROM duty_calendars c
JOIN members m ON m.id = c.member_id
JOIN units u ON u.id = m.unit_id
WHERE c.token_hash = @token_hash AND m.state = 'ACTIVE';

-- name: AuditRoster :exec
-- AuditRoster writes down that somebody changed the roster, which belongs to no case.
INSERT INTO audit (at, actor, action, purpose, meta, commitment)
VALUES (@at, @actor, @action, @purpose, @meta, @commitment);
