package watch

// late finds the subjects of each kind that are wrong now. Every one of them
// walks over what is open, by a partial index, and never over what has ended.
var late = map[Kind]string{
	InboxWaiting: `SELECT DISTINCT case_id::text AS subject FROM inbox
		WHERE handed_at IS NULL AND case_id IS NOT NULL AND stored_at < now() - @inbox::interval`,

	CaseUnacknowledged: `SELECT id::text AS subject FROM cases
		WHERE ended_at IS NULL AND acked_at IS NULL AND state <> 'DUPLICATE' AND reported_at < @unacknowledged::timestamptz`,

	// A case in FOLLOW_UP has an owner, and no story that serves its clocks.
	CaseOverdue: `SELECT id::text AS subject FROM cases
		WHERE ended_at IS NULL AND state <> 'FOLLOW_UP' AND next_deadline < @overdue::timestamptz`,

	// What the channel takes is noted; a case that was sent to people and of whose messages it took none stands still.
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
const due = `SELECT a.id, a.kind, a.subject, a.rings, a.rung_to
	FROM alarms a JOIN (
		SELECT kind, coalesce(max(rung_at) <= now() - @repeat::interval
			OR bool_or(rung_at IS NULL) AND max(rung_at) <= now() - @gather::interval, true) AS due
		FROM alarms WHERE cleared_at IS NULL GROUP BY kind
	) k ON k.kind = a.kind AND k.due
	WHERE a.cleared_at IS NULL AND a.answered_at IS NULL
	ORDER BY a.kind, a.id`

const rung = `UPDATE alarms SET rings = rings + 1, rung_at = now(),
	rung_to = ARRAY (SELECT DISTINCT unnest(rung_to || @members::text[]) ORDER BY 1)
	WHERE id = ANY (@ids::bigint[])`

const over = `SELECT id, kind, subject, rings, rung_to FROM alarms
	WHERE cleared_at IS NOT NULL AND told_at IS NULL AND rings > 0 AND cleared_at > now() - @for::interval
	ORDER BY kind, id`

const told = `UPDATE alarms SET told_at = now() WHERE id = ANY (@ids::bigint[])`

const away = `INSERT INTO alarms (kind, runbook, raised_at, rung_at, rings, rung_to, cleared_at)
	VALUES (@kind, @runbook, @since, now(), @rings, @members::text[], now())`

// pressed lists what operators of the national desk pressed since the oldest unanswered alarm.
const pressed = `SELECT i.event_id, i.said_sealed, i.stored_at, m.id AS member
	FROM members m JOIN inbox i ON i.reporter_id = m.line_hash
	WHERE m.level = 'DESK' AND m.state = 'ACTIVE' AND i.word = 'PRESSED'
	  AND i.stored_at >= (SELECT min(raised_at) FROM alarms WHERE cleared_at IS NULL AND answered_at IS NULL AND rings > 0)
	ORDER BY i.stored_at, i.event_id`

// take notes an answer. A button that names a case answers for that case,
// whatever is wrong with it; one that names none answers for everything of the
// alarm's kind that had rung by then. The button of an alarm that has ended
// answers nothing but its case.
const take = `UPDATE alarms a SET answered_at = @at, answered_by = @member
	WHERE a.cleared_at IS NULL AND a.answered_at IS NULL AND a.raised_at <= @at
	  AND (a.subject <> '' AND a.subject = @case
		OR @case = '' AND a.rung_at <= @at AND a.kind = (SELECT kind FROM alarms WHERE id = @alarm AND cleared_at IS NULL))`

const onDesk = `SELECT id, language, line_user_sealed FROM members
	WHERE level = 'DESK' AND state = 'ACTIVE' AND line_user_sealed IS NOT NULL
	  AND (on_duty OR NOT EXISTS (SELECT FROM members WHERE level = 'DESK' AND state = 'ACTIVE' AND line_user_sealed IS NOT NULL AND on_duty))
	ORDER BY id`

const contacts = `SELECT id, language, line_user_sealed FROM members
	WHERE id = ANY (@ids::text[]) AND state = 'ACTIVE' AND line_user_sealed IS NOT NULL ORDER BY id`

const beat = `INSERT INTO heartbeats (part, instance) VALUES (@part, @instance)
	ON CONFLICT (part, instance) DO UPDATE SET beat_at = now()`

// forget drops instances that are gone for good.
const forget = `DELETE FROM heartbeats WHERE beat_at < now() - interval '1 day'`

const open = `SELECT kind, count(*)::int FROM alarms WHERE cleared_at IS NULL GROUP BY kind`
