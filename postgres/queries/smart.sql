-- name: ForgetAttempts :exec
-- ForgetAttempts drops attempts to sign in that nobody may finish any more.
DELETE FROM smart_attempts WHERE until_at < @at;

-- name: KeepAttempt :exec
-- KeepAttempt keeps an attempt to sign in.
INSERT INTO smart_attempts (state_hash, browser_hash, nonce, verifier, until_at) VALUES (@state_hash, @browser_hash, @nonce, @verifier, @until_at);

-- name: TakeAttempt :one
-- TakeAttempt uses an attempt up, if the same browser comes back in time.
DELETE FROM smart_attempts WHERE state_hash = @state_hash AND browser_hash = @browser_hash AND until_at >= @at
RETURNING nonce, verifier;

-- name: ForgetSessions :exec
-- ForgetSessions drops sessions so old that nothing needs to know of them.
DELETE FROM smart_sessions WHERE opened_at < @before;

-- name: OpenSession :execrows
-- OpenSession opens a session of an active member; a second use of the same proof opens none.
INSERT INTO smart_sessions (token_hash, member_id, proof_hash, opened_at, seen_at)
SELECT @token_hash, m.id, @proof_hash, @at, @at FROM members m WHERE m.id = @member_id AND m.state = 'ACTIVE'
ON CONFLICT (proof_hash) DO NOTHING;

-- name: SessionMember :one
-- SessionMember is whose session it is, while both it and the membership last.
SELECT sqlc.embed(m), s.seen_at
FROM smart_sessions s JOIN members m ON m.id = s.member_id
WHERE s.token_hash = @token_hash AND s.ended_at IS NULL AND s.opened_at > @opened_after AND s.seen_at > @seen_after AND m.state = 'ACTIVE';

-- name: SeeSession :exec
-- SeeSession notes that a session is in use.
UPDATE smart_sessions SET seen_at = @at WHERE token_hash = @token_hash AND seen_at < @at;

-- name: EndSession :exec
-- EndSession ends one session.
UPDATE smart_sessions SET ended_at = @at WHERE token_hash = @token_hash AND ended_at IS NULL;

-- name: EndSessionsOf :exec
-- EndSessionsOf ends every session of a member.
UPDATE smart_sessions SET ended_at = @at WHERE member_id = @member_id AND ended_at IS NULL;
