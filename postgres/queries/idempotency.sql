-- name: ClaimKey :execrows
-- ClaimKey takes a key for a request that begins, or again after its first owner died.
INSERT INTO idempotency (scope, key, request_hash)
VALUES (@scope, @key, @request_hash)
ON CONFLICT (scope, key) DO UPDATE SET claimed_at = now()
WHERE idempotency.status IS NULL AND idempotency.request_hash = excluded.request_hash
  AND idempotency.claimed_at < now() - @abandoned::interval;

-- name: KeyOf :one
-- KeyOf reads what is known of a key.
SELECT request_hash, status, response_sealed FROM idempotency WHERE scope = @scope AND key = @key;

-- name: AnswerKey :exec
-- AnswerKey keeps the answer for whoever repeats the request.
UPDATE idempotency SET status = @status, response_sealed = @response_sealed WHERE scope = @scope AND key = @key;

-- name: ReleaseKey :exec
-- ReleaseKey gives an unanswered key back, so that a repeat may try again.
DELETE FROM idempotency WHERE scope = @scope AND key = @key AND status IS NULL;

-- name: ForgetKeys :execrows
-- ForgetKeys drops keys that nobody repeats any more.
DELETE FROM idempotency WHERE claimed_at < now() - @age::interval;
