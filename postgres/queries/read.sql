-- name: OpenCases :many
-- OpenCases walks over the open cases, for whoever compares them with their workflows.
-- A case in follow-up is there only when its deadline passed before an instant.
SELECT id, state, inbox_last, next_deadline::timestamptz AS next_deadline
FROM cases
WHERE ended_at IS NULL AND id > @after::uuid AND (state <> 'FOLLOW_UP' OR next_deadline < @forgotten::timestamptz)
ORDER BY id
LIMIT @at_most;

-- name: Cases :many
-- Cases lists cases, newest first. Every predicate is optional.
SELECT doc
FROM cases
WHERE state = coalesce(sqlc.narg('state'), state)
  AND province = coalesce(sqlc.narg('province'), province)
  AND type = coalesce(sqlc.narg('type'), type)
  AND severity = coalesce(sqlc.narg('severity'), severity)
  AND quiet = coalesce(sqlc.narg('quiet'), quiet)
  AND reported_at < @reported_before
  AND (NOT @open_only::bool OR ended_at IS NULL)
  AND (NOT @desk_only::bool OR desk_reason IS NOT NULL)
  AND (reported_at, id) < (@after_at::timestamptz, @after_id::uuid)
ORDER BY reported_at DESC, id DESC
LIMIT @at_most;

-- name: Timeline :many
-- Timeline reads what happened to a case, in order.
SELECT seq, data, event_id, private_sealed
FROM case_events
WHERE case_id = @case_id AND seq > @after::int
ORDER BY seq
LIMIT @at_most;

-- name: Stream :many
-- Stream reads what happened to all cases, in an order in which nothing can turn
-- up later before what was read: only transactions older than every running one.
SELECT tx::text::bigint AS tx, pos, case_id, seq, kind, at, cases.province, cases.state
FROM case_events JOIN cases ON cases.id = case_events.case_id
WHERE (tx > (@after_tx::text)::xid8 OR tx = (@after_tx::text)::xid8 AND pos > @after_pos::bigint)
  AND tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY case_events.tx, pos
LIMIT @at_most;

-- name: StreamEnd :one
-- StreamEnd is where the stream ends now: everything before it can be read.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS tx;

-- name: Choices :many
-- Choices lists why each candidate was asked or not, wave by wave.
SELECT seq, role, member_id, metres, chosen, why, minutes
FROM choices
WHERE case_id = @case_id
ORDER BY seq, role, place;

-- name: Deliveries :many
-- Deliveries lists what the channel said to the messages of a case.
SELECT key, seq, recipient, channel, template, outcome, request_id, at, delivered_at, answered_at
FROM deliveries
WHERE case_id = @case_id
ORDER BY seq, key;

-- name: Waits :one
-- Waits says how long people waited from their report, in seconds of case time,
-- at p50, p90 and p99.
SELECT count(*)::int AS reports,
    count(sent_at)::int AS sent,
    coalesce(percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - reported_at)::float8), '{}')::float8[] AS sent_s,
    count(acked_at)::int AS acked,
    coalesce(percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM acked_at - reported_at)::float8), '{}')::float8[] AS acked_s,
    count(arrived_at)::int AS arrived,
    coalesce(percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM arrived_at - reported_at)::float8), '{}')::float8[] AS arrived_s
FROM cases
WHERE reported_at >= @since AND (sqlc.narg('province')::text IS NULL OR province = sqlc.narg('province'));
