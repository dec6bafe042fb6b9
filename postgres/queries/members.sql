-- name: NearestIn :many
-- NearestIn finds the members of a role nearest to a point, among those in some
-- runs of H3 cells, and what a choice depends on. The index members_near alone
-- finds them. OFFSET 0 keeps the planner from turning the small scans round into
-- one of all members of the role.
SELECT m.id, m.unit_id, m.member_group, m.class, m.role, m.level, m.state, m.valid_until, m.on_duty, m.rest_until, m.female, m.province,
    near.lat::float8 AS lat, near.lon::float8 AS lon, m.fixed_at,
    coalesce(a.case_id::text, '')::text AS assigned,
    (m.line_hash IS NOT NULL AND t.blocked_at IS NULL OR EXISTS (SELECT FROM contacts w
        WHERE w.member_id = m.id AND w.verified_at IS NOT NULL AND w.channel <> 'EMAIL'))::bool AS reachable,
    EXISTS (SELECT 1 FROM conflicts c
            WHERE c.case_id = sqlc.narg('case_id')::uuid AND (c.member_id = m.id OR c.unit_id = m.unit_id)) AS conflicted
FROM (
    SELECT found.id, found.lat, found.lon
    FROM (SELECT unnest(@firsts::bigint[]) AS first, unnest(@lasts::bigint[]) AS last) r
    CROSS JOIN LATERAL (
        SELECT members.id, members.lat, members.lon
        FROM members
        WHERE members.cell BETWEEN r.first AND r.last AND members.role = @role AND members.on_duty
          AND members.state = 'ACTIVE' AND members.level = '' AND members.cell IS NOT NULL
        OFFSET 0
    ) found
    ORDER BY sind((found.lat - @lat::float8) / 2) ^ 2 + cosd(@lat) * cosd(found.lat) * sind((found.lon - @lon::float8) / 2) ^ 2
    LIMIT @k
) near
JOIN members m ON m.id = near.id
LEFT JOIN assignments a ON a.member_id = m.id
LEFT JOIN threads t ON t.reporter_id = m.line_hash;

-- name: Desks :many
-- Desks finds the duty desks that answer for a level: of one unit, of a province,
-- of the region of a province, or of the nation.
SELECT m.id, m.unit_id, m.member_group, m.class, m.role, m.level, m.state, m.valid_until, m.on_duty, m.rest_until, m.female, m.province,
    (m.line_hash IS NOT NULL AND t.blocked_at IS NULL OR EXISTS (SELECT FROM contacts w
        WHERE w.member_id = m.id AND w.verified_at IS NOT NULL AND w.channel <> 'EMAIL'))::bool AS reachable,
    EXISTS (SELECT 1 FROM conflicts c
            WHERE c.case_id = sqlc.narg('case_id')::uuid AND (c.member_id = m.id OR c.unit_id = m.unit_id)) AS conflicted
FROM members m
JOIN units u ON u.id = m.unit_id AND u.state = 'LIVE'
LEFT JOIN threads t ON t.reporter_id = m.line_hash
WHERE m.level = @level AND m.level <> ''
  AND (sqlc.narg('unit')::text IS NULL OR u.id = sqlc.narg('unit'))
  AND (sqlc.narg('province')::text IS NULL OR u.province = sqlc.narg('province'))
  AND (sqlc.narg('region_of')::text IS NULL OR u.region = (SELECT p.region FROM provinces p WHERE p.code = sqlc.narg('region_of')))
ORDER BY m.id;

-- name: Stations :many
-- Stations lists the live stations about a point, the likely nearest first, and
-- the one that the police named for its district, wherever that lies.
(SELECT u.id, u.lat, u.lon, false::bool AS named
FROM units u
WHERE u.level = 'STATION' AND u.state = 'LIVE'
ORDER BY (u.lat - @lat::float8) ^ 2 + ((u.lon - @lon::float8) * cosd(@lat)) ^ 2
LIMIT @at_most)
UNION ALL
SELECT u.id, u.lat, u.lon, true::bool AS named
FROM station_areas a
JOIN units u ON u.id = a.unit_id
WHERE a.district = @district AND u.state = 'LIVE';

-- name: Acceptance :one
-- Acceptance adds up what was asked and accepted at an hour of the day since a day.
SELECT coalesce(sum(asked), 0)::int AS asked, coalesce(sum(accepted), 0)::int AS accepted
FROM acceptance
WHERE role = @role AND province = @province AND hour = @hour AND day >= @since::date;

-- name: KeepChoices :exec
-- KeepChoices keeps why each candidate of some waves was asked or not, in place
-- of what an earlier plan of these waves said.
WITH longer AS (
    DELETE FROM choices c
    USING (SELECT unnest(@wave_seqs::int[]) AS seq, unnest(@wave_roles::text[]) AS role, unnest(@wave_sizes::int[]) AS size) w
    WHERE c.case_id = @case_id AND c.seq = w.seq AND c.role = w.role AND c.place >= w.size
)
INSERT INTO choices (case_id, seq, role, place, member_id, metres, chosen, why, minutes)
SELECT @case_id, c.seq, c.role, c.place, c.member_id, c.metres, c.chosen, c.why, c.minutes
FROM (
    SELECT unnest(@seqs::int[]) AS seq, unnest(@roles::text[]) AS role, unnest(@places::int[]) AS place,
        unnest(@member_ids::text[]) AS member_id, unnest(@metres::int[]) AS metres,
        unnest(@chosen::bool[]) AS chosen, unnest(@whys::text[]) AS why, unnest(@minutes::int[]) AS minutes
) c
ON CONFLICT (case_id, seq, role, place) DO UPDATE
SET member_id = excluded.member_id, metres = excluded.metres, chosen = excluded.chosen, why = excluded.why, minutes = excluded.minutes;

-- name: Member :one
-- Member reads one member.
SELECT sqlc.embed(m) FROM members m WHERE m.id = @id;

-- name: MemberByLINE :one
-- MemberByLINE finds the active member who has a LINE account.
SELECT sqlc.embed(m) FROM members m WHERE m.line_hash = @line_hash AND m.state = 'ACTIVE';

-- name: Members :many
-- Members lists members. Every predicate is optional.
SELECT sqlc.embed(m)
FROM members m
WHERE m.id > @after::text
  AND (sqlc.narg('unit')::text IS NULL OR m.unit_id = sqlc.narg('unit'))
  AND (sqlc.narg('province')::text IS NULL OR m.province = sqlc.narg('province'))
  AND (sqlc.narg('role')::text IS NULL OR m.role = sqlc.narg('role'))
  AND (sqlc.narg('on_duty')::bool IS NULL OR m.on_duty = sqlc.narg('on_duty'))
  AND (NOT @desks_only::bool OR m.level <> '')
ORDER BY m.id
LIMIT @at_most;

-- name: UpsertMembers :exec
-- UpsertMembers writes members, new or known. Go's zero time, cell 0 and the empty
-- hash stand for null, which an array of plain values cannot hold. What a duty desk
-- answered stays with its LINE account, however often the list is imported. Who
-- decides on the members of a unit does so only there, and no minor does. Whoever
-- was suspended stays so until somebody lifts it: a list that calls them active
-- does not. Whose duty begins, ends or goes to another unit with the list is
-- written down, and somebody looks at the shifts of these units.
WITH listed AS (
    SELECT unnest(@ids::text[]) AS id, unnest(@unit_ids::text[]) AS unit_id, unnest(@member_groups::text[]) AS member_group,
        unnest(@classes::text[]) AS class, unnest(@roles::text[]) AS role, unnest(@levels::text[]) AS level,
        unnest(@states::text[]) AS state, unnest(@on_duty::bool[]) AS on_duty, unnest(@rest_until::timestamptz[]) AS rest_until,
        unnest(@female::bool[]) AS female, unnest(@provinces::text[]) AS province, unnest(@lats::float8[]) AS lat,
        unnest(@lons::float8[]) AS lon, unnest(@cells::bigint[]) AS cell, unnest(@fixed_at::timestamptz[]) AS fixed_at,
        unnest(@languages::text[]) AS language, unnest(@names_sealed::bytea[]) AS name_sealed,
        unnest(@line_users_sealed::bytea[]) AS line_user_sealed, unnest(@line_hashes::text[]) AS line_hash,
        unnest(@verified_at::timestamptz[]) AS verified_at, unnest(@answered_at::timestamptz[]) AS answered_at,
        unnest(@synthetic::bool[]) AS synthetic
), said AS (
    SELECT l.id, l.unit_id, l.member_group, l.class, l.role, l.level, CASE WHEN h.id IS NULL THEN l.state ELSE h.state END AS state,
        l.on_duty AND h.id IS NULL AS on_duty, l.rest_until, l.female, l.province, l.lat, l.lon,
        CASE WHEN h.id IS NULL THEN l.cell ELSE 0 END AS cell, l.fixed_at, l.language, l.name_sealed,
        l.line_user_sealed, l.line_hash, l.verified_at, l.answered_at, l.synthetic
    FROM listed l LEFT JOIN members h ON h.id = l.id AND h.state = 'SUSPENDED' AND l.state = 'ACTIVE'
), changes AS (
    SELECT m.unit_id, m.id AS member_id, false AS on_duty
    FROM members m JOIN said p ON p.id = m.id
    WHERE m.on_duty AND (NOT p.on_duty OR p.unit_id <> m.unit_id)
    UNION ALL
    SELECT p.unit_id, p.id, true
    FROM said p LEFT JOIN members m ON m.id = p.id
    WHERE p.on_duty AND (m.id IS NULL OR NOT m.on_duty OR p.unit_id <> m.unit_id)
), changed AS (
    INSERT INTO duty_changes (unit_id, member_id, at, on_duty, source)
    SELECT unit_id, member_id, @at, on_duty, 'LIST' FROM changes
), looks AS (
    UPDATE duty_schedules s SET due_at = least(s.due_at, @at) FROM changes c WHERE c.unit_id = s.unit_id
    RETURNING s.unit_id
)
INSERT INTO members (id, unit_id, member_group, class, role, level, state, on_duty, rest_until, female, province, lat, lon,
    cell, fixed_at, language, name_sealed, line_user_sealed, line_hash, verified_at, answered_at, synthetic)
SELECT p.id, p.unit_id, p.member_group, p.class, p.role, p.level, p.state, p.on_duty, nullif(p.rest_until, '0001-01-01 00:00Z'),
    p.female, p.province, CASE WHEN p.cell <> 0 THEN p.lat END, CASE WHEN p.cell <> 0 THEN p.lon END, nullif(p.cell, 0),
    CASE WHEN p.cell <> 0 THEN p.fixed_at END, p.language, p.name_sealed, p.line_user_sealed, nullif(p.line_hash, ''),
    nullif(p.verified_at, '0001-01-01 00:00Z'), nullif(p.answered_at, '0001-01-01 00:00Z'), p.synthetic
FROM said p
WHERE (SELECT count(*) FROM looks) >= 0 -- schedules are locked before members
ON CONFLICT (id) DO UPDATE SET unit_id = excluded.unit_id, member_group = excluded.member_group, class = excluded.class,
    role = excluded.role, level = excluded.level, state = excluded.state, on_duty = excluded.on_duty,
    rest_until = excluded.rest_until, female = excluded.female, province = excluded.province, lat = excluded.lat,
    lon = excluded.lon, cell = excluded.cell, fixed_at = excluded.fixed_at, language = excluded.language,
    name_sealed = excluded.name_sealed, line_user_sealed = excluded.line_user_sealed, line_hash = excluded.line_hash,
    verified_at = excluded.verified_at, synthetic = excluded.synthetic,
    verifies = members.verifies AND members.unit_id = excluded.unit_id AND excluded.class <> 'JUNIOR'
        AND excluded.state IN ('ACTIVE', 'SUSPENDED'),
    answered_at = CASE WHEN members.line_hash = excluded.line_hash THEN coalesce(excluded.answered_at, members.answered_at)
        ELSE excluded.answered_at END;

-- name: SetDuty :execrows
-- SetDuty begins or ends a member's duty, and writes the change down; a position is kept on duty only. A change by
-- hand may leave a shift with nobody: somebody looks. The schedule is locked before the member, as by who changes the shift.
WITH changed AS (
    INSERT INTO duty_changes (unit_id, member_id, at, on_duty, source)
    SELECT m.unit_id, m.id, @at, @on_duty, @source::text FROM members m
    WHERE m.id = @id AND (m.on_duty <> @on_duty OR @source <> 'HAND')
), looks AS (
    UPDATE duty_schedules s SET due_at = least(s.due_at, @at) FROM members m
    WHERE m.id = @id AND s.unit_id = m.unit_id AND @source = 'HAND'
    RETURNING s.unit_id
)
UPDATE members
SET on_duty = @on_duty::bool,
    lat = CASE WHEN @on_duty THEN lat END, lon = CASE WHEN @on_duty THEN lon END,
    cell = CASE WHEN @on_duty THEN cell END, fixed_at = CASE WHEN @on_duty THEN fixed_at END
WHERE members.id = @id AND (SELECT count(*) FROM looks) >= 0;

-- name: SetPositions :execrows
-- SetPositions moves members who are on duty; an older fix never replaces a younger one.
WITH p AS (
    SELECT unnest(@ids::text[]) AS id, unnest(@lats::float8[]) AS lat, unnest(@lons::float8[]) AS lon,
        unnest(@cells::bigint[]) AS cell, unnest(@fixed_at::timestamptz[]) AS fixed_at
), locked AS ( -- in one order for all, so that batches which cross wait instead of deadlocking
    SELECT id FROM members WHERE id = ANY (@ids::text[]) ORDER BY id FOR NO KEY UPDATE
)
UPDATE members m
SET lat = p.lat, lon = p.lon, cell = p.cell, fixed_at = p.fixed_at
FROM p
JOIN locked ON locked.id = p.id
WHERE m.id = p.id AND m.on_duty AND (m.fixed_at IS NULL OR m.fixed_at <= p.fixed_at);

-- name: SetRest :execrows
-- SetRest lets a member rest until then.
UPDATE members SET rest_until = sqlc.narg('until') WHERE id = @id;

-- name: SetMemberLanguage :exec
-- SetMemberLanguage sets the language of the member behind a conversation, if there is one.
UPDATE members SET language = @language WHERE line_hash = @line_hash;

-- name: SetThreadLanguage :execrows
-- SetThreadLanguage sets the language of a conversation.
UPDATE threads SET language = @language WHERE reporter_id = @reporter_id;

-- name: SetAnswered :execrows
-- SetAnswered notes that a member answered a communication test.
UPDATE members SET answered_at = @at WHERE id = @id;

-- name: AddConflict :exec
-- AddConflict keeps a member or a unit away from a case, and from the cases that
-- are joined with it: they are one incident.
INSERT INTO conflicts (case_id, member_id, unit_id, actor, at)
SELECT c.id, sqlc.narg('member_id'), sqlc.narg('unit_id'), @actor, @at
FROM cases c
WHERE c.id = @case_id OR c.lead_id = @case_id OR c.id = (SELECT l.lead_id FROM cases l WHERE l.id = @case_id)
ORDER BY c.id
ON CONFLICT ON CONSTRAINT conflicts_named_once DO NOTHING;

-- name: ShareConflicts :exec
-- ShareConflicts keeps away from a case whoever is kept away from some others.
INSERT INTO conflicts (case_id, member_id, unit_id, actor, at)
SELECT @case_id, o.member_id, o.unit_id, min(o.actor), min(o.at)
FROM conflicts o
WHERE o.case_id = ANY (@of::uuid[])
GROUP BY o.member_id, o.unit_id
ON CONFLICT ON CONSTRAINT conflicts_named_once DO NOTHING;

-- name: ExcludedOf :many
-- ExcludedOf reads which organisations some cases must not reach.
SELECT coalesce(doc -> 'excluded', '[]'::jsonb)::jsonb AS excluded FROM cases WHERE id = ANY (@ids::uuid[]) ORDER BY id;

-- name: KeptAway :one
-- KeptAway says whether a case must not reach a member.
SELECT EXISTS (
    SELECT FROM conflicts c LEFT JOIN members m ON m.id = @member_id
    WHERE c.case_id = @case_id AND (c.member_id = @member_id OR c.unit_id = m.unit_id)
) AS kept_away;
