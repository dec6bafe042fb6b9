-- name: AskRequest :one
-- AskRequest gives a request its number; a repeat gets the same.
INSERT INTO requests (event_id, reporter_id, at)
VALUES (@event_id, @reporter_id, @at)
ON CONFLICT (event_id) DO UPDATE SET event_id = excluded.event_id
RETURNING number;

-- name: Requests :many
-- Requests lists the queue, oldest first.
SELECT number, at, answered_at, answered_by
FROM requests
WHERE number > @after::bigint AND (NOT @open_only::bool OR answered_at IS NULL)
ORDER BY number
LIMIT @at_most;

-- name: AnswerRequest :execrows
-- AnswerRequest takes an open request off the queue.
UPDATE requests SET answered_at = @at, answered_by = @by WHERE number = @number AND answered_at IS NULL;
