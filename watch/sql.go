package watch

import "fmt"

// late finds the subjects of each kind that are wrong now. Every one of them
// walks over what is open, by a partial index, and never over what has ended.
var late = map[Kind]string{
	InboxWaiting: `SELECT DISTINCT case_id::text AS subject FROM inbox
		WHERE handed_at IS NULL AND case_id IS NOT NULL AND stored_at < now() - @inbox::interval`,

	CaseUnacknowledged: `SELECT id::text AS subject FROM cases
		WHERE ended_at IS NULL AND acked_at IS NULL AND state <> 'DUPLICATE' AND reported_at < @unacknowledged::timestamptz`,

	CaseOverdue: `SELECT id::text AS subject FROM cases
		WHERE ended_at IS NULL AND next_deadline < @overdue::timestamptz`,

	// What a channel takes is noted; a case that was sent to people and of whose messages none was taken stands still.
	MessagesStuck: `SELECT '' AS subject WHERE EXISTS (
		SELECT FROM cases WHERE ended_at IS NULL AND acked_at IS NULL AND state <> 'DUPLICATE' AND sent_at < @messages::timestamptz
			AND NOT EXISTS (SELECT FROM deliveries d WHERE d.case_id = cases.id AND d.outcome = 'ACCEPTED' AND d.recipient LIKE 'member:%'))`,

	MediaStuck: `SELECT '' AS subject WHERE EXISTS (SELECT FROM media WHERE state = 'PENDING' AND at < @media::timestamptz)`,

	WatchSilent: `SELECT '' AS subject WHERE now() > @started::timestamptz + @silent::interval
		AND (SELECT count(*) FROM heartbeats WHERE part = 'watch' AND beat_at >= now() - @silent::interval) < @watchers::int`,
}

// silent finds a part of which no instance has beaten for too long.
const silent = `SELECT '' AS subject WHERE now() - @silent::interval >
	greatest((SELECT max(beat_at) FROM heartbeats WHERE part = @part), @started::timestamptz)`

// raise gives an alarm to what is wrong and has none. A case that a human has
// answered for is not raised again for another reason before it is well.
const raise = `INSERT INTO alarms (kind, subject, runbook)
	SELECT @kind, late.subject, @runbook FROM (%s) late
	WHERE NOT EXISTS (SELECT FROM alarms a WHERE a.cleared_at IS NULL AND a.subject = late.subject
		AND (a.kind = @kind OR a.subject <> '' AND a.answered_at IS NOT NULL))
	LIMIT @at_most
	ON CONFLICT (kind, subject) WHERE cleared_at IS NULL DO NOTHING`

// wellAgain ends the alarms whose condition ended.
const wellAgain = `UPDATE alarms SET cleared_at = now()
	WHERE cleared_at IS NULL AND kind = @kind AND subject NOT IN (SELECT late.subject FROM (%s) late)`

// due lists what should ring: a kind rings when its last ring is long enough
// ago, or, for what has come since, when a little time was left for more to come.
const due = `SELECT a.id, a.kind, a.subject, a.rings, a.rung_to, now() AS seen_at
	FROM alarms a JOIN (
		SELECT kind, coalesce(max(rung_at) <= now() - @repeat::interval
			OR bool_or(rung_at IS NULL) AND max(rung_at) <= now() - @gather::interval, true) AS due
		FROM alarms WHERE cleared_at IS NULL GROUP BY kind
	) k ON k.kind = a.kind AND k.due
	WHERE a.cleared_at IS NULL AND a.answered_at IS NULL
	ORDER BY a.kind, a.id`

// rung notes since when it rings, by the clock that dates the answers: who answers
// while others are still being rung has answered it.
const rung = `UPDATE alarms SET rings = rings + 1, rung_at = @since,
	rung_to = ARRAY (SELECT DISTINCT unnest(rung_to || @members::text[]) ORDER BY 1)
	WHERE id = ANY (@ids::bigint[])`

const over = `SELECT id, kind, subject, rings, rung_to, now() AS seen_at FROM alarms
	WHERE cleared_at IS NOT NULL AND told_at IS NULL AND rings > 0 AND cleared_at > now() - @for::interval
	ORDER BY kind, id`

const told = `UPDATE alarms SET told_at = now() WHERE id = ANY (@ids::bigint[])`

const away = `INSERT INTO alarms (kind, runbook, raised_at, rung_at, rings, rung_to, cleared_at)
	VALUES (@kind, @runbook, @since, now(), @rings, @members::text[], now())`

// pressed lists what operators of the national desk, and of ศรส. who may be rung
// for them, pressed, wrote or keyed in since the oldest unanswered alarm, whatever they did it with.
const pressed = `SELECT i.event_id, i.said_sealed, i.stored_at, who.id AS member
	FROM (
		SELECT m.id, m.line_hash AS hash FROM members m WHERE m.level IN ('DESK', 'HUSEC') AND m.state = 'ACTIVE'
		UNION
		SELECT m.id, c.address_hash FROM members m JOIN contacts c ON c.member_id = m.id
		WHERE m.level IN ('DESK', 'HUSEC') AND m.state = 'ACTIVE' AND c.verified_at IS NOT NULL
	) who JOIN inbox i ON i.reporter_id = who.hash
	WHERE i.word = 'PRESSED'
	  AND i.stored_at >= (SELECT min(raised_at) FROM alarms WHERE cleared_at IS NULL AND answered_at IS NULL AND rings > 0)
	ORDER BY i.stored_at, i.event_id, who.id`

// take notes an answer. A button that names a case answers for that case,
// whatever is wrong with it; one that names none answers for everything of the
// alarm's kind that had rung by then. The button of an alarm that has ended
// answers nothing but its case, and nobody answers for a case that must not reach them.
const take = `UPDATE alarms a SET answered_at = @at, answered_by = @member
	WHERE a.cleared_at IS NULL AND a.answered_at IS NULL AND a.raised_at <= @at
	  AND NOT EXISTS (SELECT FROM conflicts x JOIN members m ON m.id = x.member_id OR m.unit_id = x.unit_id
		WHERE m.id = @member AND x.case_id::text = a.subject)
	  AND (a.subject <> '' AND a.subject = @case
		OR @case = '' AND a.rung_at <= @at AND a.kind = (SELECT kind FROM alarms WHERE id = @alarm AND cleared_at IS NULL))`

// ways lists how some members are reached, LINE first; of each channel the
// address that was verified last.
const ways = `WITH ways AS (
		SELECT m.id, m.language, m.on_duty, 'LINE' AS channel, m.line_user_sealed AS sealed
		FROM members m WHERE m.state = 'ACTIVE' AND m.line_user_sealed IS NOT NULL AND %[1]s
		UNION ALL
		(SELECT DISTINCT ON (m.id, c.channel) m.id, m.language, m.on_duty, c.channel, c.address_sealed
		FROM members m JOIN contacts c ON c.member_id = m.id
		WHERE m.state = 'ACTIVE' AND c.verified_at IS NOT NULL AND %[1]s
		ORDER BY m.id, c.channel, c.verified_at DESC)
	)
	SELECT id, language, channel, sealed FROM ways WHERE %[2]s
	ORDER BY id, array_position(ARRAY['LINE', 'SMS', 'VOICE', 'EMAIL'], channel)`

// onDesk are the operators on duty, or all when none of them can be reached.
var onDesk = fmt.Sprintf(ways, "m.level = 'DESK'", "on_duty OR NOT EXISTS (SELECT FROM ways WHERE on_duty)")

// above are those who are rung about a case that the national desk must not see.
var above = fmt.Sprintf(ways, "m.level = 'HUSEC'", "on_duty OR NOT EXISTS (SELECT FROM ways WHERE on_duty)")

// keptAway lists which of some members some cases must not reach.
const keptAway = `SELECT x.case_id::text, m.id FROM conflicts x JOIN members m ON m.id = x.member_id OR m.unit_id = x.unit_id
	WHERE x.case_id = ANY (@cases::uuid[]) AND m.id = ANY (@ids::text[])`

var contacts = fmt.Sprintf(ways, "m.id = ANY (@ids::text[])", "true")

const beat = `INSERT INTO heartbeats (part, instance) VALUES (@part, @instance)
	ON CONFLICT (part, instance) DO UPDATE SET beat_at = now()`

// forget drops instances that are gone for good.
const forget = `DELETE FROM heartbeats WHERE beat_at < now() - interval '1 day'`

const open = `SELECT kind, count(*)::int FROM alarms WHERE cleared_at IS NULL GROUP BY kind`
