-- name: BeginAid :execrows
-- BeginAid writes the row of a new draft; a repeat changes nothing.
INSERT INTO aid_requests (id, version, state, filer, office, province, subject_id, household_id, case_id, begun_at, doc)
VALUES (@id, 0, 'DRAFT', @filer, sqlc.narg('office'), @province, sqlc.narg('subject_id'), sqlc.narg('household_id'), sqlc.narg('case_id'), @at, @doc)
ON CONFLICT (id) DO NOTHING;

-- name: ReadAid :one
-- ReadAid reads a request.
SELECT doc, begun_at, inbox_last, inbox_heard FROM aid_requests WHERE id = @id;

-- name: LockAid :one
-- LockAid reads a request that nobody else changes meanwhile.
SELECT doc, inbox_last, inbox_heard FROM aid_requests WHERE id = @id FOR UPDATE;

-- name: AidPart :one
-- AidPart reads a part of a draft.
SELECT saved, part_sealed FROM aid_parts WHERE aid_id = @aid_id AND part = @part;

-- name: SaveAidPart :exec
-- SaveAidPart keeps a part of a draft in place of the one before.
INSERT INTO aid_parts (aid_id, part, saved, part_sealed, at) VALUES (@aid_id, @part, @saved, @part_sealed, @at)
ON CONFLICT (aid_id, part) DO UPDATE SET saved = excluded.saved, part_sealed = excluded.part_sealed, at = excluded.at;

-- name: AidParts :many
-- AidParts reads all that is filled in.
SELECT part, saved, part_sealed FROM aid_parts WHERE aid_id = @aid_id ORDER BY part;

-- name: LastAidForm :one
-- LastAidForm is the number of the newest set that was sent; 0: none.
SELECT coalesce(max(n), 0)::int AS n FROM aid_forms WHERE aid_id = @aid_id;

-- name: KeepAidForm :exec
-- KeepAidForm freezes the form as it is sent.
INSERT INTO aid_forms (aid_id, n, form_sealed, at) VALUES (@aid_id, @n, @form_sealed, @at);

-- name: AidForm :one
-- AidForm reads a form as it was sent.
SELECT form_sealed FROM aid_forms WHERE aid_id = @aid_id AND n = @n;

-- name: AidInboxNumber :one
-- AidInboxNumber finds a word that is in the inbox already.
SELECT n FROM aid_inbox WHERE event_id = @event_id;

-- name: SayToAid :one
-- SayToAid puts an order into the inbox of a request, and returns its number; a repeat gets none.
WITH numbered AS (
    UPDATE aid_requests SET inbox_last = inbox_last + 1
    WHERE id = @aid_id AND NOT EXISTS (SELECT FROM aid_inbox i WHERE i.event_id = @event_id)
    RETURNING id, inbox_last
)
INSERT INTO aid_inbox (aid_id, n, event_id, order_sealed, at)
SELECT id, inbox_last, @event_id, @order_sealed, @at FROM numbered
RETURNING n;

-- name: AidInbox :many
-- AidInbox reads what arrived for a request behind a number, in order.
SELECT n, event_id, order_sealed FROM aid_inbox WHERE aid_id = @aid_id AND n > @after ORDER BY n LIMIT @at_most;

-- name: AppendAidEvents :one
-- AppendAidEvents writes events, row and audit rows if nobody has moved the request since it was read.
WITH moved AS (
    UPDATE aid_requests
    SET version = @version, state = @state, visitor = sqlc.narg('visitor'), office = sqlc.narg('office'), to_office = sqlc.narg('to_office'),
        province = @province, urgency = @urgency, subject_id = coalesce(sqlc.narg('subject_id'), subject_id),
        household_id = coalesce(sqlc.narg('household_id'), household_id), case_id = sqlc.narg('case_id'),
        submitted_at = sqlc.narg('submitted_at'), decided_at = sqlc.narg('decided_at'), settled_at = sqlc.narg('settled_at'),
        ended_at = sqlc.narg('ended_at'), due_at = sqlc.narg('due_at'), call_at = sqlc.narg('call_at'), inbox_heard = @inbox_heard, doc = @doc
    WHERE aid_requests.id = @id AND aid_requests.version = @version_before
    RETURNING aid_requests.id
), happened AS (
    INSERT INTO aid_events (aid_id, seq, event_id, kind, at, actor_kind, actor_id, data, private_sealed)
    SELECT moved.id, e.seq, e.event_id, e.kind, e.at, e.actor_kind, e.actor_id, e.data::json, e.private_sealed
    FROM moved, (SELECT unnest(@seqs::int[]) AS seq, unnest(@event_ids::text[]) AS event_id, unnest(@kinds::text[]) AS kind,
        unnest(@ats::timestamptz[]) AS at, unnest(@actor_kinds::text[]) AS actor_kind, unnest(@actor_ids::text[]) AS actor_id,
        unnest(@datas::text[]) AS data, unnest(@privates_sealed::bytea[]) AS private_sealed) e
), audited AS (
    INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
    SELECT e.at, e.actor, 'AID_' || e.kind, moved.id, @purpose::text, e.meta, e.commitment
    FROM moved, (SELECT unnest(@ats::timestamptz[]) AS at, unnest(@actors::text[]) AS actor, unnest(@kinds::text[]) AS kind,
        unnest(@metas::bytea[]) AS meta, unnest(@commitments::bytea[]) AS commitment) e
)
SELECT pg_notify('case_changed', moved.id::text || ' ' || (@version::int)::text)::text AS notified FROM moved;

-- name: AidEventIDs :many
-- AidEventIDs reads the IDs of the events in a range of numbers, in order.
SELECT event_id FROM aid_events WHERE aid_id = @aid_id AND seq > @after AND seq <= @up_to ORDER BY seq;

-- name: AidEvents :many
-- AidEvents reads what happened to a request, in order.
SELECT seq, data, event_id, private_sealed FROM aid_events WHERE aid_id = @aid_id ORDER BY seq;

-- name: LateAids :many
-- LateAids lists requests that nobody serves: a call is long due, or a word was not heard.
SELECT id, inbox_last FROM aid_requests
WHERE ended_at IS NULL AND call_at < @late
   OR inbox_last > inbox_heard AND EXISTS (SELECT FROM aid_inbox i
       WHERE i.aid_id = aid_requests.id AND i.n = aid_requests.inbox_heard + 1 AND i.at < @late)
ORDER BY call_at NULLS FIRST
LIMIT @at_most;

-- name: AidRequests :many
-- AidRequests lists requests without anything personal, newest first. Every predicate is optional; drafts are listed for who fills them in.
SELECT doc, begun_at FROM aid_requests
WHERE (state <> 'DRAFT' OR filer = sqlc.narg('filer'))
  AND (sqlc.narg('filer')::text IS NULL OR filer = sqlc.narg('filer')::text)
  AND (sqlc.narg('visitor')::text IS NULL OR visitor = sqlc.narg('visitor')::text)
  AND (sqlc.narg('offices')::text[] IS NULL OR office = ANY (sqlc.narg('offices')::text[]) OR to_office = ANY (sqlc.narg('offices')::text[]))
  AND (sqlc.narg('provinces')::text[] IS NULL OR province = ANY (sqlc.narg('provinces')::text[]))
  AND (sqlc.narg('states')::text[] IS NULL OR state = ANY (sqlc.narg('states')::text[]))
  AND (sqlc.narg('case_id')::uuid IS NULL OR case_id = sqlc.narg('case_id')::uuid)
  AND (sqlc.narg('household_id')::uuid IS NULL OR household_id = sqlc.narg('household_id')::uuid)
  AND (sqlc.narg('overdue_at')::timestamptz IS NULL OR due_at < sqlc.narg('overdue_at')::timestamptz)
  AND (NOT @open_only::bool OR ended_at IS NULL)
  AND (begun_at, id) < (@after_at::timestamptz, @after_id::uuid)
ORDER BY begun_at DESC, id DESC
LIMIT @at_most;

-- name: AuditAidView :execrows
-- AuditAidView writes down that somebody is about to see what is personal in a request.
INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
SELECT @at, @actor, @action, a.id, @purpose, @meta, @commitment FROM aid_requests a WHERE a.id = @id;

-- name: IdentifyAid :execrows
-- IdentifyAid keeps whom a request is about, and by what it is found.
UPDATE aid_requests SET subject_id = @subject_id, household_id = @household_id, identities = @identities::text[] WHERE id = @id;

-- name: AidIdentities :one
-- AidIdentities reads by what a request is found.
SELECT identities, coalesce(household_id::text, '')::text AS household_id FROM aid_requests WHERE id = @id;

-- name: AidTwins :many
-- AidTwins lists other requests that were sent and share what identifies somebody, newest first.
SELECT doc, identities FROM aid_requests
WHERE id <> @id AND state <> 'DRAFT' AND identities && @identities::text[]
ORDER BY begun_at DESC, id DESC
LIMIT @at_most;

-- name: LockAidIdentity :exec
-- LockAidIdentity lets one transaction at a time grant something to whom a hash is of.
SELECT pg_advisory_xact_lock(hashtextextended(@identity::text, 7040764));

-- name: GrantedOf :many
-- GrantedOf lists what was granted to whom the hashes are of, and not void.
SELECT aid_id, item, code, satang, at FROM aid_grants
WHERE identities && @identities::text[] AND void_at IS NULL AND aid_id <> @but ORDER BY at, aid_id, item;

-- name: Grant :exec
-- Grant writes down what was granted; a repeat changes nothing.
INSERT INTO aid_grants (aid_id, item, code, satang, identities, at) VALUES (@aid_id, @item, @code, @satang, @identities::text[], @at)
ON CONFLICT (aid_id, item) DO NOTHING;

-- name: VoidGrants :exec
-- VoidGrants lets what was never paid or handed over count no more.
UPDATE aid_grants SET void_at = @at WHERE aid_id = @aid_id AND item = ANY (@items::int[]) AND void_at IS NULL;

-- name: Confirmations :many
-- Confirmations lists what officers have confirmed of the catalogue.
SELECT code, digest, by, name, source, at FROM aid_confirmations ORDER BY code, at;

-- name: ConfirmAid :exec
-- ConfirmAid writes down that an officer vouches for a row of the catalogue; the first word counts.
INSERT INTO aid_confirmations (code, digest, by, name, source, at) VALUES (@code, @digest, @by, @name, @source, @at)
ON CONFLICT (code, digest) DO NOTHING;

-- name: AddAidFile :execrows
-- AddAidFile announces a file; a repeat changes nothing.
INSERT INTO aid_files (id, aid_id, kind, content_type, bytes, added_by, at) VALUES (@id, @aid_id, @kind, @content_type, @bytes, @added_by, @at)
ON CONFLICT (id) DO NOTHING;

-- name: CountAidFiles :one
-- CountAidFiles counts the files of a request.
SELECT count(*)::int FROM aid_files WHERE aid_id = @aid_id;

-- name: AidFile :one
-- AidFile reads a file without its content.
SELECT id, aid_id, kind, content_type, bytes, received, added_by, at, whole_at, sha256 FROM aid_files WHERE id = @id AND aid_id = @aid_id;

-- name: LockAidFile :one
-- LockAidFile reads a file to which nobody else appends meanwhile.
SELECT id, aid_id, kind, content_type, bytes, received, added_by, at, whole_at, sha256 FROM aid_files WHERE id = @id AND aid_id = @aid_id FOR UPDATE;

-- name: AidFiles :many
-- AidFiles lists the files of a request, the oldest first.
SELECT id, aid_id, kind, content_type, bytes, received, added_by, at, whole_at, sha256 FROM aid_files WHERE aid_id = @aid_id ORDER BY at, id;

-- name: AddAidPiece :exec
-- AddAidPiece keeps a piece of a file.
INSERT INTO aid_file_pieces (file_id, from_byte, piece_sealed) VALUES (@file_id, @from_byte, @piece_sealed);

-- name: AidFileReceived :exec
-- AidFileReceived keeps how much of a file is there; with a hash it is whole.
UPDATE aid_files SET received = @received, whole_at = sqlc.narg('whole_at'), sha256 = sqlc.narg('sha256') WHERE id = @id;

-- name: AidPieces :many
-- AidPieces reads the pieces of a file in order.
SELECT from_byte, piece_sealed FROM aid_file_pieces WHERE file_id = @file_id ORDER BY from_byte;

-- name: DropAidPieces :exec
-- DropAidPieces removes what came of a file that is not what it was said to be.
DELETE FROM aid_file_pieces WHERE file_id = @file_id;

-- name: ForgottenAids :many
-- ForgottenAids finds drafts that nobody sent and nobody has touched for long, and keeps others from them meanwhile.
SELECT r.id FROM aid_requests r
WHERE r.state = 'DRAFT' AND r.version = 0 AND r.inbox_last = 0 AND r.begun_at < @before
  AND NOT EXISTS (SELECT FROM aid_parts p WHERE p.aid_id = r.id AND p.at >= @before)
  AND NOT EXISTS (SELECT FROM aid_files f WHERE f.aid_id = r.id AND f.at >= @before)
ORDER BY r.begun_at
LIMIT @at_most
FOR UPDATE OF r SKIP LOCKED;

-- name: ForgetAidPieces :exec
-- ForgetAidPieces removes the content of the files of drafts.
DELETE FROM aid_file_pieces WHERE file_id IN (SELECT id FROM aid_files WHERE aid_id = ANY (@ids::uuid[]));

-- name: ForgetAidFiles :exec
-- ForgetAidFiles removes the files of drafts.
DELETE FROM aid_files WHERE aid_id = ANY (@ids::uuid[]);

-- name: ForgetAidParts :exec
-- ForgetAidParts removes what was filled in.
DELETE FROM aid_parts WHERE aid_id = ANY (@ids::uuid[]);

-- name: ForgetAids :exec
-- ForgetAids removes drafts.
DELETE FROM aid_requests WHERE id = ANY (@ids::uuid[]) AND state = 'DRAFT' AND version = 0;

-- name: AuditAidsForgotten :exec
-- AuditAidsForgotten writes down which drafts were removed.
INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
SELECT @at, @actor, @action, e.id, @purpose, e.meta, @commitment
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@metas::bytea[]) AS meta) e;

-- name: VictimsOf :many
-- VictimsOf lists the people of a case who were hurt or wronged, by the records that stand for them, and their households.
SELECT DISTINCT p.root_id, coalesce((SELECT min(h.household_id::text) FROM household_members h JOIN persons x ON x.id = h.person_id
    WHERE h.until IS NULL AND x.root_id = p.root_id), '')::text AS household_id
FROM case_persons cp JOIN persons p ON p.id = cp.person_id
WHERE cp.case_id = @case_id AND cp.part = 'VICTIM' AND cp.removed_at IS NULL
ORDER BY p.root_id;
