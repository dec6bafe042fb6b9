-- name: OpenCase :exec
-- OpenCase writes the row of a case that nothing has happened to yet.
INSERT INTO cases (id, version, state, type, severity, channel, reporter_id, quiet, reported_at, next_deadline, doc)
VALUES (@id, 0, @state, @type, @severity, @channel, @reporter_id, @quiet, @reported_at, @next_deadline, @doc);

-- name: ReadCase :one
-- ReadCase reads a case as last recorded.
SELECT doc, private_sealed FROM cases WHERE id = @id;

-- name: AppendEvents :one
-- AppendEvents records events, case row and audit rows, if nobody moved the case since
-- it was read; otherwise it does nothing and returns no row.
WITH moved AS (
    UPDATE cases AS c
    SET version = @version::int, state = @state, type = @type, severity = @severity, channel = @channel,
        province = @province, district = @district, cell = @cell, station = @station, quiet = @quiet,
        escalation = @escalation, lead_id = sqlc.narg('lead_id'),
        stands_at = CASE WHEN @stands_alone::bool THEN coalesce(c.stands_at, @at) ELSE c.stands_at END,
        desk_reason = sqlc.narg('desk_reason'), desk_since = sqlc.narg('desk_since'), desk_owner = sqlc.narg('desk_owner'),
        radio_due = sqlc.narg('radio_due'), radio_seen = sqlc.narg('radio_seen'),
        reported_at = @reported_at, sent_at = sqlc.narg('sent_at'), acked_at = sqlc.narg('acked_at'),
        arrived_at = sqlc.narg('arrived_at'), controlled_at = sqlc.narg('controlled_at'), ended_at = sqlc.narg('ended_at'),
        next_deadline = sqlc.narg('next_deadline'), doc = @doc, private_sealed = @private_sealed
    WHERE c.id = @id AND c.version = @version_before
    RETURNING c.id
), happened AS (
    INSERT INTO case_events (case_id, seq, event_id, kind, at, actor_kind, actor_id, data, private_sealed)
    SELECT moved.id, e.seq, e.event_id, e.kind, e.at, e.actor_kind, e.actor_id, e.data::json, e.private_sealed
    FROM moved, (
        SELECT unnest(@seqs::int[]) AS seq, unnest(@event_ids::text[]) AS event_id, unnest(@kinds::text[]) AS kind,
            unnest(@ats::timestamptz[]) AS at, unnest(@actor_kinds::text[]) AS actor_kind, unnest(@actor_ids::text[]) AS actor_id,
            unnest(@datas::text[]) AS data, unnest(@privates_sealed::bytea[]) AS private_sealed
    ) e
), audited AS (
    INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
    SELECT a.at, a.actor, a.action, moved.id, @purpose::text, a.meta, a.commitment
    FROM moved, (
        SELECT unnest(@ats::timestamptz[]) AS at, unnest(@actors::text[]) AS actor, unnest(@kinds::text[]) AS action,
            unnest(@metas::bytea[]) AS meta, unnest(@commitments::bytea[]) AS commitment
    ) a
)
SELECT pg_notify('case_changed', moved.id::text || ' ' || (@version::int)::text)::text AS notified
FROM moved;

-- name: EventIDs :many
-- EventIDs says which events stand at these numbers of a case.
SELECT event_id FROM case_events WHERE case_id = @case_id AND seq > @after::int AND seq <= @up_to::int ORDER BY seq;

-- name: FreeMembers :exec
-- FreeMembers ends the assignments to a case of everybody but the named.
DELETE FROM assignments WHERE case_id = @case_id AND NOT (member_id = ANY (@but::text[]));

-- name: AssignMembers :exec
-- AssignMembers keeps the named field members for a case. Duty desks are not kept.
INSERT INTO assignments (case_id, member_id)
SELECT @case_id, id FROM members WHERE id = ANY (@members::text[]) AND level = ''
ORDER BY id
ON CONFLICT (case_id, member_id) DO NOTHING;

-- name: CountAcceptance :exec
-- CountAcceptance adds to what was asked and accepted at an hour.
INSERT INTO acceptance (role, province, hour, day, asked, accepted)
VALUES (@role, @province, @hour, @day, @asked, @accepted)
ON CONFLICT (role, province, hour, day)
DO UPDATE SET asked = acceptance.asked + excluded.asked, accepted = acceptance.accepted + excluded.accepted;

-- name: LockAreas :exec
-- LockAreas makes every other report of the same area wait until the transaction
-- ends. It must be a statement of its own: the next one sees what others have committed.
SELECT pg_advisory_xact_lock(a.area) FROM (SELECT unnest(@areas::bigint[]) AS area) a ORDER BY a.area;

-- name: Standing :many
-- Standing lists the cases of an area that belong to no other case and have not
-- ended, oldest first, without those under control for long.
SELECT id, type, state, reported_at, controlled_at, private_sealed
FROM cases
WHERE cell = ANY (@cells::text[]) AND ended_at IS NULL AND stands_at IS NOT NULL
  AND lead_id IS NULL AND id <> @id
  AND (controlled_at IS NULL OR controlled_at >= @controlled_since::timestamptz)
ORDER BY stands_at, id;

-- name: Placed :one
-- Placed says what an earlier try found of a case: whether it belongs to no
-- other, and which other case it spoke to when it was placed.
SELECT (c.stands_at IS NOT NULL)::bool AS stands,
    coalesce(j.case_id::text, '')::text AS joins, coalesce(j.n, 0)::int AS joins_n,
    coalesce(p.case_id::text, '')::text AS same_place, coalesce(p.n, 0)::int AS same_place_n
FROM cases c
LEFT JOIN inbox j ON j.event_id = @joins_event::text
LEFT JOIN inbox p ON p.event_id = @same_place_event::text
WHERE c.id = @id;

-- name: StandAlone :exec
-- StandAlone notes that a placed case belongs to no other, so that later reports may join it.
UPDATE cases SET stands_at = coalesce(stands_at, @at) WHERE id = @id;

-- name: AuditView :execrows
-- AuditView writes down that somebody is about to see what is personal in a case.
INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
SELECT @at, @actor, @action, c.id, @purpose, @meta, @commitment FROM cases c WHERE c.id = @id;
