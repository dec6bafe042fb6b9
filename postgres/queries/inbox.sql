-- name: Thread :one
-- Thread finds a conversation or begins it, and locks it until the transaction ends.
WITH t AS (
    INSERT INTO threads (reporter_id, channel, user_sealed, language, last_at)
    VALUES (@reporter_id, @channel, @user_sealed, @language, @last_at)
    ON CONFLICT (reporter_id) DO UPDATE SET last_at = greatest(threads.last_at, excluded.last_at)
    RETURNING reporter_id, language
)
SELECT t.language, coalesce(m.id, '')::text AS member_id
FROM t
LEFT JOIN members m ON m.line_hash = t.reporter_id AND m.state = 'ACTIVE';

-- name: SetBlocked :exec
-- SetBlocked notes since when a conversation cannot be reached, or that it can be again.
UPDATE threads SET blocked_at = sqlc.narg('at') WHERE reporter_id = @reporter_id;

-- name: OpenOfReporter :many
-- OpenOfReporter lists the newest open cases of a conversation.
SELECT id, type, state, quiet
FROM cases
WHERE reporter_id = @reporter_id AND ended_at IS NULL
ORDER BY reported_at DESC, id DESC
LIMIT @at_most;

-- name: ReporterOfCase :one
-- ReporterOfCase says whose case it is.
SELECT reporter_id FROM cases WHERE id = @id;

-- name: InboxEvent :one
-- InboxEvent finds what became of an event that has arrived before.
SELECT door, coalesce(case_id::text, '')::text AS case_id, coalesce(n, 0)::int AS n
FROM inbox
WHERE event_id = @event_id;

-- name: LockCase :one
-- LockCase makes the numbering of a case wait for us.
SELECT inbox_last FROM cases WHERE id = @id FOR NO KEY UPDATE;

-- name: NextNumber :one
-- NextNumber gives the next inbox number of a case.
UPDATE cases SET inbox_last = inbox_last + 1 WHERE id = @id RETURNING inbox_last;

-- name: Store :exec
-- Store keeps one arrival.
INSERT INTO inbox (event_id, reporter_id, case_id, n, door, word, raw_sealed, said_sealed, received_at)
VALUES (@event_id, sqlc.narg('reporter_id'), sqlc.narg('case_id'), sqlc.narg('n'), @door, @word, @raw_sealed, @said_sealed, @received_at);

-- name: Inbox :many
-- Inbox reads what arrived for a case, in order.
SELECT n::int AS n, event_id, coalesce(reporter_id, '')::text AS reporter_id, said_sealed, received_at
FROM inbox
WHERE case_id = @case_id AND n > @after::int AND n <= @up_to::int
ORDER BY n;

-- name: Lease :many
-- Lease takes what no workflow knows of yet, so that one relay at a time hands it over.
WITH picked AS (
    SELECT id
    FROM inbox
    WHERE handed_at IS NULL AND case_id IS NOT NULL
      AND stored_at < now() - @grace::interval
      AND (leased_until IS NULL OR leased_until < now())
    ORDER BY id
    LIMIT @at_most
    FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE inbox SET leased_until = now() + @lease::interval
    FROM picked
    WHERE inbox.id = picked.id
    RETURNING inbox.case_id, inbox.n
)
SELECT case_id::text AS case_id, max(n)::int AS up_to
FROM leased
GROUP BY case_id
ORDER BY case_id;

-- name: HandedOver :exec
-- HandedOver notes that the workflow of a case knows of everything up to a number.
UPDATE inbox SET handed_at = now() WHERE case_id = @case_id AND n <= @up_to::int AND handed_at IS NULL;

-- name: InboxBacklog :one
-- InboxBacklog counts what waits for its workflow, and for how long the oldest has.
SELECT count(*)::int AS waiting, coalesce(extract(epoch FROM now() - min(stored_at)), 0)::float8 AS oldest_s
FROM inbox
WHERE handed_at IS NULL AND case_id IS NOT NULL;

-- name: DeskOf :one
-- DeskOf says for which level a member is the duty desk, and in which province; there is none for a person in the field.
SELECT m.level, u.province
FROM members m
JOIN units u ON u.id = m.unit_id
WHERE m.id = @id AND m.state = 'ACTIVE' AND m.level <> '';
