-- name: AddFeed :exec
-- AddFeed begins a feed behind everything that can be read now.
INSERT INTO feeds (id, province, target_sealed, added_by, added_at, after_tx, after_pos)
VALUES (@id, @province, @target_sealed, @added_by, @added_at, pg_snapshot_xmin(pg_current_snapshot()), 0);

-- name: RemoveFeed :execrows
-- RemoveFeed ends a feed. Whoever sends for it finds its lease gone.
DELETE FROM feeds WHERE id = @id AND province = @province;

-- name: Feeds :many
-- Feeds lists the feeds with when the oldest event happened that is still to be delivered.
SELECT f.id, f.province, f.target_sealed, f.added_by, f.added_at, f.failures, f.failing_since, coalesce(f.fault, '')::text AS fault,
    w.at AS waiting_since
FROM feeds f
LEFT JOIN case_events w ON (w.case_id, w.seq) = (
    SELECT e.case_id, e.seq
    FROM case_events e JOIN cases c ON c.id = e.case_id
    WHERE (e.tx, e.pos) > (f.after_tx, f.after_pos) AND e.kind = ANY (@kinds::text[]) AND c.province = f.province
    ORDER BY e.tx, e.pos
    LIMIT 1
)
ORDER BY f.province, f.added_at, f.id;

-- name: LeaseFeeds :many
-- LeaseFeeds takes the feeds that have something to read and are due. Who leased one has it alone.
WITH picked AS (
    SELECT f.id
    FROM feeds f
    WHERE f.due_at <= now() AND (f.leased_until IS NULL OR f.leased_until < now())
      AND EXISTS (SELECT FROM case_events e
          WHERE (e.tx, e.pos) > (f.after_tx, f.after_pos) AND e.tx < pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY f.due_at, f.id
    LIMIT @at_most
    FOR UPDATE SKIP LOCKED
)
UPDATE feeds SET leased_until = now() + @lease::interval, lease = gen_random_uuid()
FROM picked
WHERE feeds.id = picked.id
RETURNING feeds.id, coalesce(feeds.lease::text, '')::text AS lease, feeds.province, feeds.target_sealed, feeds.after_tx::text AS after_tx,
    feeds.after_pos, feeds.failures;

-- name: HoldFeed :execrows
-- HoldFeed keeps how far a feed has come, and the lease for longer. A feed that comes further has no fault any more.
UPDATE feeds
SET failures = CASE WHEN still THEN failures ELSE 0 END, failing_since = CASE WHEN still THEN failing_since END,
    fault = CASE WHEN still THEN fault END,
    after_tx = (@after_tx::text)::xid8, after_pos = @after_pos::bigint, leased_until = now() + @lease_for::interval
FROM (SELECT f.id AS same_id, (f.after_tx, f.after_pos) = ((@after_tx::text)::xid8, @after_pos::bigint) AS still FROM feeds f WHERE f.id = @id) s
WHERE id = s.same_id AND lease = (@lease::text)::uuid;

-- name: FailFeed :one
-- FailFeed notes a delivery that failed, and gives the feed back until it is due again.
UPDATE feeds
SET failures = failures + 1, failing_since = coalesce(failing_since, @at), fault = @fault, due_at = now() + @again::interval,
    lease = NULL, leased_until = NULL
WHERE id = @id AND lease = (@lease::text)::uuid
RETURNING failing_since;

-- name: ReleaseFeed :exec
-- ReleaseFeed gives a feed back, due at once.
UPDATE feeds SET lease = NULL, leased_until = NULL WHERE id = @id AND lease = (@lease::text)::uuid;
