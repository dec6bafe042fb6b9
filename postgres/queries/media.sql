-- name: ExpectMedia :exec
-- ExpectMedia makes the rows of what a case was sent, before the content is fetched.
INSERT INTO media (case_id, seq, at)
SELECT @case_id, unnest(@seqs::int[]), unnest(@ats::timestamptz[])
ON CONFLICT (case_id, seq) DO NOTHING;

-- name: PendingMedia :many
-- PendingMedia lists what is not fetched yet, with the sealed message ID.
SELECT m.seq, e.event_id, e.private_sealed
FROM media m
JOIN case_events e ON e.case_id = m.case_id AND e.seq = m.seq
WHERE m.case_id = @case_id AND m.state = 'PENDING'
ORDER BY m.seq;

-- name: KeepMedia :execrows
-- KeepMedia settles what became of one; a repeat changes nothing.
UPDATE media SET state = @state, content_type = @content_type, bytes = @bytes, content_sealed = sqlc.narg('content_sealed'),
    sha256 = @sha256, bare = @bare
WHERE case_id = @case_id AND seq = @seq AND state = 'PENDING';

-- name: Media :many
-- Media lists what a case was sent, without the content.
SELECT seq, state, at, content_type, bytes, bare FROM media WHERE case_id = @case_id ORDER BY seq;

-- name: MediaContent :one
-- MediaContent reads one photo, voice, video or file.
SELECT content_type, content_sealed FROM media WHERE case_id = @case_id AND seq = @seq AND state = 'KEPT';
