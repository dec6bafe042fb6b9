-- name: RingTaps :execrows
-- RingTaps lets one case ring the desk for all taps that wait, unless it has been
-- rung since the given instant. The same event of the same case may ring again: it
-- asks twice when its first answer was lost. Who need not ring waits for no lock.
INSERT INTO desk_rings AS d (level, rung_at, case_id, seq)
SELECT @level, @at, @case_id::uuid, @seq::int
WHERE NOT EXISTS (
    SELECT 1 FROM desk_rings r
    WHERE r.level = @level AND r.rung_at > @since::timestamptz AND (r.case_id, r.seq) <> (@case_id::uuid, @seq::int)
)
ON CONFLICT (level) DO UPDATE SET rung_at = excluded.rung_at, case_id = excluded.case_id, seq = excluded.seq
WHERE d.rung_at <= @since::timestamptz OR (d.case_id, d.seq) = (excluded.case_id, excluded.seq);

-- name: TapsRungAt :one
-- TapsRungAt says when the desk was last rung for taps.
SELECT rung_at FROM desk_rings WHERE level = @level;

-- name: WaitingTaps :one
-- WaitingTaps counts the taps that nobody has taken, and the people behind them,
-- and names the first tap of those who wait longest.
WITH waiting AS (
    SELECT id, reporter_id, desk_since
    FROM cases
    WHERE desk_reason = 'NO_PIN' AND desk_owner IS NULL AND ended_at IS NULL AND (doc -> 'desk' ->> 'tap')::bool
      AND NOT EXISTS (SELECT FROM conflicts x WHERE x.case_id = cases.id)
), first AS (
    SELECT DISTINCT ON (reporter_id) id, desk_since FROM waiting ORDER BY reporter_id, desk_since, id
)
SELECT (SELECT count(*) FROM waiting)::int AS taps,
    (SELECT count(*) FROM first)::int AS people,
    ARRAY(SELECT first.id::text FROM first ORDER BY first.desk_since, first.id LIMIT @at_most)::text[] AS longest;
