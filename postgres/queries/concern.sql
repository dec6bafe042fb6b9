-- name: TalkOf :one
-- TalkOf reads the conversation that somebody has with the account, if its time is not over.
SELECT doc_sealed FROM talks WHERE pointer = @pointer AND until > @at;

-- name: KeepTalk :exec
-- KeepTalk keeps a conversation for so long.
INSERT INTO talks (pointer, doc_sealed, until) VALUES (@pointer, @doc_sealed, @until)
ON CONFLICT (pointer) DO UPDATE SET doc_sealed = excluded.doc_sealed, until = excluded.until;

-- name: ForgetTalk :exec
-- ForgetTalk ends a conversation.
DELETE FROM talks WHERE pointer = @pointer;

-- name: ForgetTalks :execrows
-- ForgetTalks drops the conversations whose time is over.
DELETE FROM talks WHERE until <= @at;

-- name: BeginConcern :exec
-- BeginConcern writes the row of a new concern, and beside it who points it out.
WITH begun AS (
    INSERT INTO concerns (id, version, state, kind, begun_at, due_at, doc)
    VALUES (@id, 0, @state, @kind, @at, @due_at, @doc)
    RETURNING id
)
INSERT INTO concern_pointers (concern_id, reporter_sealed) SELECT id, @reporter_sealed::bytea FROM begun;

-- name: SayToConcern :one
-- SayToConcern puts a word into the inbox of a concern, and returns its number; a repeat gets none.
WITH numbered AS (
    UPDATE concerns SET inbox_last = inbox_last + 1
    WHERE id = @concern_id AND NOT EXISTS (SELECT FROM concern_inbox i WHERE i.event_id = @event_id)
    RETURNING id, inbox_last
)
INSERT INTO concern_inbox (concern_id, n, event_id, said_sealed, at)
SELECT id, inbox_last, @event_id, @said_sealed, @at FROM numbered
RETURNING n;

-- name: ConcernInbox :many
-- ConcernInbox reads what arrived for a concern behind a number, in order.
SELECT n, event_id, said_sealed, at FROM concern_inbox WHERE concern_id = @concern_id AND n > @after ORDER BY n LIMIT @at_most;

-- name: ReadConcern :one
-- ReadConcern reads a concern.
SELECT doc, inbox_last FROM concerns WHERE id = @id;

-- name: AppendConcernEvents :one
-- AppendConcernEvents writes events, row and audit rows if nobody has moved the concern since it was read.
WITH moved AS (
    UPDATE concerns
    SET version = @version, state = @state, kind = @kind, province = @province, owner = @owner, case_id = sqlc.narg('case_id'),
        referred_to = @referred_to, received_at = sqlc.narg('received_at'), referred_at = sqlc.narg('referred_at'),
        ended_at = sqlc.narg('ended_at'), due_at = sqlc.narg('due_at'), inbox_heard = @inbox_heard, doc = @doc
    WHERE concerns.id = @id AND concerns.version = @version_before
    RETURNING concerns.id
), happened AS (
    INSERT INTO concern_events (concern_id, seq, event_id, kind, at, actor_kind, actor_id, data, private_sealed)
    SELECT moved.id, e.seq, e.event_id, e.kind, e.at, e.actor_kind, e.actor_id, e.data::json, e.private_sealed
    FROM moved, (SELECT unnest(@seqs::int[]) AS seq, unnest(@event_ids::text[]) AS event_id, unnest(@kinds::text[]) AS kind,
        unnest(@ats::timestamptz[]) AS at, unnest(@actor_kinds::text[]) AS actor_kind, unnest(@actor_ids::text[]) AS actor_id,
        unnest(@datas::text[]) AS data, unnest(@privates_sealed::bytea[]) AS private_sealed) e
), audited AS (
    INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
    SELECT e.at, e.actor, 'CONCERN_' || e.kind, moved.id, @purpose::text, e.meta, e.commitment
    FROM moved, (SELECT unnest(@ats::timestamptz[]) AS at, unnest(@actors::text[]) AS actor, unnest(@kinds::text[]) AS kind,
        unnest(@metas::bytea[]) AS meta, unnest(@commitments::bytea[]) AS commitment) e
)
SELECT id FROM moved;

-- name: ConcernEventIDs :many
-- ConcernEventIDs reads the IDs of the events in a range of numbers, in order.
SELECT event_id FROM concern_events WHERE concern_id = @concern_id AND seq > @after AND seq <= @up_to ORDER BY seq;

-- name: ConcernEvents :many
-- ConcernEvents reads what happened to a concern, in order.
SELECT seq, data, event_id, private_sealed FROM concern_events WHERE concern_id = @concern_id ORDER BY seq;

-- name: ConcernPointer :one
-- ConcernPointer reads who pointed it out, for the two things that the pointer is told.
SELECT reporter_sealed FROM concern_pointers WHERE concern_id = @concern_id;

-- name: LateConcerns :many
-- LateConcerns lists concerns that nobody serves: a deadline passed long ago, or a word was not heard.
SELECT id, inbox_last FROM concerns
WHERE ended_at IS NULL AND due_at < @late
   OR inbox_last > inbox_heard AND EXISTS (SELECT FROM concern_inbox i
       WHERE i.concern_id = concerns.id AND i.n = concerns.inbox_heard + 1 AND i.at < @late)
ORDER BY due_at NULLS FIRST
LIMIT @at_most;

-- name: Concerns :many
-- Concerns lists concerns without anything personal, newest first. Every predicate is optional.
SELECT doc, begun_at FROM concerns
WHERE version > 0
  AND state = coalesce(sqlc.narg('state'), state)
  AND kind = coalesce(sqlc.narg('kind'), kind)
  AND (sqlc.narg('provinces')::text[] IS NULL OR province = ANY (sqlc.narg('provinces')::text[]))
  AND owner = coalesce(sqlc.narg('owner'), owner)
  AND (NOT @open_only::bool OR ended_at IS NULL)
  AND (@blind::text = '' OR coalesce((doc->>'ask_school')::bool, false) OR coalesce(doc->>'school', '') <> @blind::text)
  AND (begun_at, id) < (@after_at::timestamptz, @after_id::uuid)
ORDER BY begun_at DESC, id DESC
LIMIT @at_most;

-- name: AuditConcernView :execrows
-- AuditConcernView writes down that somebody is about to see what is personal in a concern.
INSERT INTO audit (at, actor, action, case_id, purpose, meta, commitment)
SELECT @at, @actor, @action, c.id, @purpose, @meta, @commitment FROM concerns c WHERE c.id = @id;

-- name: ExpectEvidence :exec
-- ExpectEvidence makes the row of what a pointer sent; a link is kept at once.
INSERT INTO concern_evidence (concern_id, seq, kind, state, at, content_type, bytes, sha256, content_sealed)
VALUES (@concern_id, @seq, @kind, @state, @at, @content_type, @bytes, sqlc.narg('sha256'), sqlc.narg('content_sealed'))
ON CONFLICT (concern_id, seq) DO NOTHING;

-- name: PendingEvidence :many
-- PendingEvidence lists what a concern was sent and nobody has fetched yet.
SELECT m.seq, e.event_id, e.private_sealed
FROM concern_evidence m JOIN concern_events e ON e.concern_id = m.concern_id AND e.seq = m.seq
WHERE m.concern_id = @concern_id AND m.state = 'PENDING'
ORDER BY m.seq;

-- name: KeepEvidence :execrows
-- KeepEvidence settles what became of one; a repeat changes nothing.
UPDATE concern_evidence SET state = @state, content_type = @content_type, bytes = @bytes, sha256 = sqlc.narg('sha256'),
    content_sealed = sqlc.narg('content_sealed')
WHERE concern_id = @concern_id AND seq = @seq AND state = 'PENDING';

-- name: Evidence :many
-- Evidence lists the evidence of concerns, without the content.
SELECT concern_id, seq, kind, state, at, content_type, bytes, sha256 FROM concern_evidence
WHERE concern_id = ANY (@concern_ids::uuid[]) ORDER BY concern_id, seq;

-- name: EvidenceContent :one
-- EvidenceContent reads one link or picture.
SELECT kind, content_type, content_sealed FROM concern_evidence WHERE concern_id = @concern_id AND seq = @seq AND state = 'KEPT';

-- name: ReferredConcerns :many
-- ReferredConcerns lists what a partner was given, newest first.
SELECT doc, begun_at FROM concerns
WHERE referred_to = @partner
  AND (sqlc.narg('provinces')::text[] IS NULL OR province = ANY (sqlc.narg('provinces')::text[]))
  AND (referred_at, id) < (@after_at::timestamptz, @after_id::uuid)
ORDER BY referred_at DESC, id DESC
LIMIT @at_most;

-- name: CaseIsReferred :one
-- CaseIsReferred reports whether a partner was given a concern that became the case.
SELECT EXISTS (SELECT FROM concerns WHERE case_id = @case_id AND referred_to = @partner)::bool AS referred;

-- name: CountConcerns :many
-- CountConcerns counts the concerns of a span by kind, province and month in Thailand. Fewer than @least are not told.
SELECT kind, province, to_char(received_at AT TIME ZONE 'Asia/Bangkok', 'YYYY-MM')::text AS month, count(*)::int AS concerns
FROM concerns
WHERE received_at >= @since AND received_at < @until AND province <> ''
GROUP BY kind, province, month
HAVING count(*) >= @least::int
ORDER BY month, province, kind;

-- name: LastTasks :many
-- LastTasks says when a member did each task last.
SELECT task, max(at)::timestamptz AS at FROM task_reports WHERE member_id = @member_id GROUP BY task;

-- name: ReportTask :one
-- ReportTask counts one report of a task.
INSERT INTO task_reports (event_id, task, member_id, unit_id, at, option, opened)
SELECT @event_id, @task, m.id, m.unit_id, @at, @option, @opened FROM members m WHERE m.id = @member_id
RETURNING id;

-- name: AddSafePlace :exec
-- AddSafePlace puts a point on the map of safe places.
INSERT INTO safe_places (report_id, lat, lon, at, photo_state, photo_sealed)
VALUES (@report_id, @lat, @lon, @at, @photo_state, sqlc.narg('photo_sealed'));

-- name: UnfinishedPlaces :many
-- UnfinishedPlaces lists points whose province is not found yet, or whose picture is not fetched.
SELECT id, report_id, lat, lon, photo_state, photo_sealed FROM safe_places WHERE NOT finished ORDER BY id LIMIT @at_most;

-- name: FinishPlace :exec
-- FinishPlace keeps both.
UPDATE safe_places SET province = @province, photo_state = @photo_state, photo_sealed = sqlc.narg('photo_sealed'), finished = true WHERE id = @id;

-- name: SafePlaces :many
-- SafePlaces lists the points of a province.
SELECT id, lat, lon, at, photo_state = 'KEPT' AS photo FROM safe_places WHERE province = @province AND finished AND id > @after ORDER BY id LIMIT @at_most;

-- name: UnitTasks :many
-- UnitTasks counts what the members of a unit did, by task.
SELECT task, count(*)::int AS reports, count(DISTINCT member_id)::int AS members, count(*) FILTER (WHERE opened <> 'NOTHING')::int AS opened
FROM task_reports WHERE unit_id = @unit_id AND at >= @since AND at < @until GROUP BY task ORDER BY task;

-- name: UnitTaskMembers :many
-- UnitTaskMembers counts what each member of a unit did, in the order of their IDs. Who pointed something out is not among it.
SELECT member_id, count(*)::int AS reports FROM task_reports
WHERE unit_id = @unit_id AND opened <> 'CONCERN' AND at >= @since AND at < @until GROUP BY member_id ORDER BY member_id;

-- name: SchoolsNamed :many
-- SchoolsNamed finds live organisations whose name stands in a text, the longest name first.
SELECT id, province, name_th, lat, lon FROM units
WHERE level = 'ORGANISATION' AND state = 'LIVE' AND char_length(name_th) >= 4
  AND (strpos(lower(@said::text), lower(name_th)) > 0 OR name_en <> '' AND char_length(name_en) >= 4 AND strpos(lower(@said::text), lower(name_en)) > 0)
ORDER BY char_length(name_th) DESC, id
LIMIT 2;

-- name: HeadsOf :many
-- HeadsOf lists the supervisors of a unit who can be asked.
SELECT id FROM members WHERE unit_id = @unit_id AND class = 'SUPERVISOR' AND state = 'ACTIVE' AND line_hash IS NOT NULL ORDER BY id LIMIT 5;
