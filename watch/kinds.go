package watch

import "strings"

// Part is something whose silence is an alarm.
type Part string

// Parts. A process that has several instances is alive while one of them beats.
const (
	API      Part = "api"
	Worker   Part = "worker"
	Relay    Part = "relay"
	Temporal Part = "temporal" // the worker and the api ask it and beat for it
	LINE     Part = "line"     // the watcher itself asks it and beats for it
	Watcher  Part = "watch"
)

// Kind is what is wrong.
type Kind string

// Kinds. The first three are about one case each, named by the alarm's subject.
const (
	InboxWaiting       Kind = "INBOX_WAITING"       // stored, and no workflow knows of it
	CaseUnacknowledged Kind = "CASE_UNACKNOWLEDGED" // no human has it in hand
	CaseOverdue        Kind = "CASE_OVERDUE"        // its deadline passed and nothing happened
	MessagesStuck      Kind = "MESSAGES_STUCK"      // cases were sent to people, and no channel took a message
	MediaStuck         Kind = "MEDIA_STUCK"         // photos and voices are not fetched
	APISilent          Kind = "API_SILENT"
	WorkerSilent       Kind = "WORKER_SILENT"
	RelaySilent        Kind = "RELAY_SILENT"
	TemporalSilent     Kind = "TEMPORAL_SILENT"
	LINESilent         Kind = "LINE_SILENT"
	WatchSilent        Kind = "WATCH_SILENT" // fewer watchers beat than this installation runs
	DatabaseAway       Kind = "DATABASE_AWAY"
)

// Kinds lists every kind, those about a case first.
var Kinds = []Kind{
	InboxWaiting, CaseUnacknowledged, CaseOverdue, MessagesStuck, MediaStuck, APISilent, WorkerSilent, RelaySilent, TemporalSilent,
	LINESilent, WatchSilent, DatabaseAway,
}

// Runbook is the file in docs/runbooks that says what to do.
func (k Kind) Runbook() string { return strings.ToLower(strings.ReplaceAll(string(k), "_", "-")) }

// silence is the part of a kind that is about a silent one.
var silence = map[Kind]Part{
	APISilent: API, WorkerSilent: Worker, RelaySilent: Relay, TemporalSilent: Temporal, LINESilent: LINE,
}
