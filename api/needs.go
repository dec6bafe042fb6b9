package api

import (
	"context"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/policy"
)

// Intake is the door of everything that arrives.
type Intake interface {
	// Intake keeps everything or nothing: when it returns without an error all of
	// it is on disk, numbered within its case. What had arrived before is a
	// duplicate and leaves no trace. The answers are in the order of what arrived.
	Intake(ctx context.Context, arrived []Arrival) ([]Routed, error)
}

// Arrival is one thing that arrived.
type Arrival struct {
	EventID string           // the same for every repeat of it
	Channel casefile.Channel // with UserID: whose conversation it is
	UserID  string           // the person on that channel; empty: nobody who can have a case
	Raw     []byte           // as the channel sent it; nil: not from a channel
	In      casefile.Incoming
	At      time.Time // when it arrived, case time
}

// Routed says where an arrival went.
type Routed struct {
	EventID   string
	Door      casefile.Door
	Case      casefile.CaseID // empty: no case
	N         int             // its number within the case
	Duplicate bool            // it had arrived before; Case and N are those of the first time
	Reporter  casefile.ReporterID
	Member    casefile.MemberID // set when the person is also a member
	Language  casefile.Language
	OpenCases []casefile.OpenCase // of the person, before this arrival
	Talk      casefile.TalkAnswer // of a conversation beside any case
	Concern   casefile.ConcernID  // the word went to a concern, as its number ConcernN
	ConcernN  int
	Aid       casefile.AidID // the word went to an aid request, as its number AidN
	AidN      int
}

// Cases reads the record of cases.
type Cases interface {
	// Case returns a case as last recorded, its personal part included, or casefile.ErrNotFound.
	Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error)
	// List returns cases without their personal part, newest first.
	List(ctx context.Context, f CaseFilter) ([]casefile.Case, error)
	// Timeline returns the events with numbers behind after, in order, personal parts included.
	Timeline(ctx context.Context, id casefile.CaseID, after, limit int) ([]casefile.Event, error)
	// Waves returns why each candidate was asked or not, in the order of the events that asked.
	Waves(ctx context.Context, id casefile.CaseID) ([]Wave, error)
	// Deliveries returns what became of the messages, in the order of the events that caused them.
	Deliveries(ctx context.Context, id casefile.CaseID) ([]activities.Delivery, error)
	// Media returns what was sent beside words, in order, without the content.
	Media(ctx context.Context, id casefile.CaseID) ([]Medium, error)
	// MediaContent returns what came with an event, or casefile.ErrNotFound for what is not kept.
	MediaContent(ctx context.Context, id casefile.CaseID, seq int) (content []byte, contentType string, err error)
	// Viewed records that somebody is about to see what is personal in a case.
	Viewed(ctx context.Context, by casefile.Actor, id casefile.CaseID, purpose string) error
	// OldCases records that somebody looks for the cases in which a phone number
	// (E.164) was given, and returns them without their personal part, newest
	// first; no provinces: everywhere.
	OldCases(ctx context.Context, by casefile.Actor, purpose, phone string, provinces []string, limit int) ([]casefile.Case, error)
	// Waits says how long people waited who reported since then.
	Waits(ctx context.Context, since time.Time, province string) (WaitTimes, error)
}

// Medium is a photo, voice message, video or file.
type Medium struct {
	Seq         int // the event that says it arrived
	State       activities.MediaState
	At          time.Time
	ContentType string // as the channel says
	Bytes       int
	Bare        bool // a picture that is handed out without what the camera wrote beside it
}

// CaseFilter says which cases are wanted. An empty field wants all.
type CaseFilter struct {
	State          casefile.State
	Type           casefile.IncidentType
	Severity       casefile.Severity
	Province       string
	Open           bool
	Desk           bool      // only those that wait for the desk
	ReportedBefore time.Time // case time
	AfterAt        time.Time // together with AfterID: the last case of the page before
	AfterID        casefile.CaseID
	Limit          int
}

// WaitTimes are counts and percentiles (p50, p90, p99) of waits from the report on.
type WaitTimes struct {
	Reports              int
	Sent, Acked, Arrived WaitTime
}

// WaitTime is how many got so far, and how long it took half, 90 % and 99 % of them.
type WaitTime struct {
	Count         int
	P50, P90, P99 time.Duration
}

// Commander has a command carried out by the workflow of a case, and waits for its verdict.
type Commander interface {
	// Command returns a *casefile.RefusedError when the law forbids it and
	// casefile.ErrNotFound when there is no such case. ErrAway and the context's
	// errors leave open whether it happened; a repeat with the same ID is safe.
	Command(ctx context.Context, id casefile.CaseID, c casefile.Command) (Verdict, error)
}

// Nudger wakes the workflow of a case, or starts one.
type Nudger interface {
	Nudge(ctx context.Context, id casefile.CaseID, upTo int) error
}

// Prover seals a console command, so that the record can tell it from a hand-typed one.
type Prover interface {
	Proof(parts ...string) string
}

// Roster knows members, units and provinces.
type Roster interface {
	// Member returns casefile.ErrNotFound for nobody.
	Member(ctx context.Context, id casefile.MemberID) (casefile.Member, error)
	Members(ctx context.Context, f MemberFilter) ([]casefile.Member, error)
	SetDuty(ctx context.Context, id casefile.MemberID, on bool) error
	// SetRest lets a member rest until then; the zero time ends the rest.
	SetRest(ctx context.Context, id casefile.MemberID, until time.Time) error
	// SetPosition keeps where a member on duty is; an older fix never replaces a
	// younger one, and off duty it is dropped.
	SetPosition(ctx context.Context, id casefile.MemberID, lat, lon float64, at time.Time) error
	Units(ctx context.Context, f UnitFilter) ([]casefile.Unit, error)
	// LiveProvinces returns the codes of the provinces that are LIVE.
	LiveProvinces(ctx context.Context) ([]string, error)
}

// MemberFilter says which members are wanted, by ID. An empty field wants all.
type MemberFilter struct {
	Unit     casefile.UnitID
	Province string
	Role     casefile.Role
	OnDuty   *bool
	Desks    bool
	After    casefile.MemberID
	Limit    int
}

// UnitFilter says which units are wanted, by ID. An empty field wants all.
type UnitFilter struct {
	Level    casefile.Level
	Province string
	State    casefile.UnitState
	After    casefile.UnitID
	Limit    int
}

// Requests is the queue of what is not urgent, and what else is done at the door without a case.
type Requests interface {
	// Ask gives a request its number; a repeat of the event gets the same.
	Ask(ctx context.Context, eventID string, by casefile.ReporterID, at time.Time) (number int64, err error)
	Requests(ctx context.Context, openOnly bool, after int64, limit int) ([]NotUrgent, error)
	// Answer takes an open request off the queue, or returns casefile.ErrNotFound.
	Answer(ctx context.Context, number int64, by string, at time.Time) error
	// SetLanguage sets the language of a conversation.
	SetLanguage(ctx context.Context, of casefile.ReporterID, l casefile.Language) error
}

// Changes is everything that happens to cases, in an order in which nothing turns up later before what was read.
type Changes interface {
	// Changes returns what happened behind a cursor, or a *casefile.InvalidError for a cursor that is none.
	Changes(ctx context.Context, after string, limit int) ([]Happened, error)
	// Latest is the cursor behind everything that can be read.
	Latest(ctx context.Context) (string, error)
	// Listen calls wake whenever there may be more to read, until the context or the connection ends.
	Listen(ctx context.Context, wake func()) error
}

// Happened is one change with the cursor behind it: letters, digits, dots, underscores and hyphens.
type Happened struct {
	Cursor string
	Change
}

// Feeds are the webhooks to 191 screens.
type Feeds interface {
	// Feeds lists all of them, without their secrets; kinds are the changes that they are told of.
	Feeds(ctx context.Context, kinds []casefile.Kind) ([]Feed, error)
	// AddFeed begins one behind everything that has happened.
	AddFeed(ctx context.Context, f Feed, secret string) error
	// RemoveFeed returns casefile.ErrNotFound when the province has no such feed.
	RemoveFeed(ctx context.Context, id, province string) error
}

// FeedQueue is the feeds as those see them who send. Only one process at a time
// sends for a feed: the one that has leased it.
type FeedQueue interface {
	// Feeds lists all of them; kinds are the changes that they are told of.
	Feeds(ctx context.Context, kinds []casefile.Kind) ([]Feed, error)
	// LeaseFeeds takes feeds that have something to read and are due.
	LeaseFeeds(ctx context.Context, limit int, lease time.Duration) ([]LeasedFeed, error)
	// HoldFeed keeps f.After, up to which everything was delivered, and the lease
	// for longer, or returns casefile.ErrMoved when the lease is lost.
	HoldFeed(ctx context.Context, f LeasedFeed, lease time.Duration) error
	// FailFeed gives the feed back until it is due again, and says since when it fails, case time.
	FailFeed(ctx context.Context, f LeasedFeed, fault string, again time.Duration) (since time.Time, err error)
	// ReleaseFeed gives the feed back, due at once.
	ReleaseFeed(ctx context.Context, f LeasedFeed) error
}

// LeasedFeed is a feed that one process sends for.
type LeasedFeed struct {
	ID, Lease, Province string
	URL, Secret         string
	After               string // the cursor behind what was delivered
	Failures            int
}

// Addresses are the ways to members beside LINE, who writes from them, and what
// they were asked there.
type Addresses interface {
	AddressesOf(ctx context.Context, m casefile.MemberID) ([]Way, error)
	AddAddress(ctx context.Context, w Way, by casefile.Actor) (id string, err error)
	RemoveAddress(ctx context.Context, m casefile.MemberID, id string, by casefile.Actor) error
	// NewCode draws the code that proves an address; it is good for so long, real time.
	NewCode(ctx context.Context, m casefile.MemberID, id string, life time.Duration, by casefile.Actor) (Proof, error)
	// ConfirmCode returns a *casefile.InvalidError for a code that proves nothing; so many wrong ones end the code.
	ConfirmCode(ctx context.Context, m casefile.MemberID, id, code string, most int, by casefile.Actor) error
	// ConfirmByAddress says whose address is proved by a code that came from it; empty: nobody's.
	ConfirmByAddress(ctx context.Context, ch casefile.Channel, from, code string, most int) (casefile.MemberID, error)
	// OwnersOf lists the active members who have proved an address.
	OwnersOf(ctx context.Context, ch casefile.Channel, address string) ([]Owner, error)
	// Asked lists what members were told on a channel of late.
	Asked(ctx context.Context, ch casefile.Channel, members []casefile.MemberID) ([]channel.Question, error)
	// AskedAbout lists what they were told about the cases of a code, on any channel.
	AskedAbout(ctx context.Context, code string, members []casefile.MemberID) ([]channel.Question, error)
	// OfferedTo lists the open cases that have asked them, whatever became of the messages.
	OfferedTo(ctx context.Context, members []casefile.MemberID) ([]channel.Question, error)
	// AnsweredBy notes that a member answered what was asked about a case on a channel.
	AnsweredBy(ctx context.Context, m casefile.MemberID, id casefile.CaseID, ch casefile.Channel) error
	// AlarmOf finds an open alarm of the second watcher that has rung a member: its
	// name, the code of a case, or (empty) the newest.
	AlarmOf(ctx context.Context, m casefile.MemberID, said string) (a Alarm, found bool, err error)
	// Handed notes whether a message that a channel had taken has arrived; found: it is on record.
	Handed(ctx context.Context, ch casefile.Channel, request string, arrived bool) (found bool, err error)
	// MayHelp reports whether a line of help may go to a conversation: there was none for so long, real time.
	MayHelp(ctx context.Context, of casefile.ReporterID, apart time.Duration) (bool, error)
	// Unreachable lists who is in a ladder and has no way that works, by ID; an empty province means all.
	Unreachable(ctx context.Context, province string, after casefile.MemberID, limit int) ([]UnreachablePerson, error)
	// Ladders returns the open units, the desks that can be reached, and the provinces that are LIVE.
	Ladders(ctx context.Context) (units []casefile.Unit, desks []policy.RosterDesk, live []string, err error)
}

// Way is a telephone or a mailbox of a member.
type Way struct {
	ID          string
	Member      casefile.MemberID
	Channel     casefile.Channel
	To          string // personal
	AfterS      *int
	FromMinute  *int // of the day in Thailand
	UntilMinute *int
	VerifiedAt  time.Time // zero: it does not count
	CodeWaits   bool
}

// Proof is a code, and where it is sent.
type Proof struct {
	Code     string
	Channel  casefile.Channel
	To       string
	Language casefile.Language
}

// Owner is a member who has proved an address.
type Owner struct {
	Member   casefile.MemberID
	Level    casefile.Level // of a duty desk
	Language casefile.Language
}

// Alarm is one of the second watcher, as its answer names it.
type Alarm struct {
	Option string
	Case   casefile.CaseID // set if it is about one
}

// Keys remembers the answers to requests that may be repeated.
type Keys interface {
	// Claim takes a key for a request that begins, and returns nil. Of a key taken
	// before it returns the kept answer, ErrKeyReused when it was taken for another
	// request, or ErrKeyBusy while that request still runs.
	Claim(ctx context.Context, scope, key, requestHash string) (*Kept, error)
	// Keep keeps the answer for whoever repeats the request.
	Keep(ctx context.Context, scope, key string, k Kept) error
	// Release gives an unanswered key back, so that a repeat may try again.
	Release(ctx context.Context, scope, key string) error
}

// Kept is an answer. It may be personal, so it is sealed where it rests.
type Kept struct {
	Status int
	Body   []byte
}

// Menus shows a person the rich menu of a role.
type Menus interface {
	LinkMenu(ctx context.Context, user string, role line.MenuRole, lang casefile.Language) error
}

// Sealer encrypts what rests on disk: ad binds it to its place.
type Sealer interface {
	Seal(plain []byte, ad string) ([]byte, error)
	Open(sealed []byte, ad string) ([]byte, error)
}
