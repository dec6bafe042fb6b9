package activities

import (
	"context"
	"errors"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
)

// Cases is the record of cases. postgres.Store happens to provide it.
type Cases interface {
	// Case returns a case as last recorded, or casefile.ErrNotFound.
	Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error)
	// Append writes the events, the case row and the audit rows, or nothing. The
	// case must be the result of applying exactly these events. It returns no error
	// when the same event IDs are already recorded at these numbers, and
	// casefile.ErrMoved when the numbers are taken by other events.
	//
	// With a join query it also looks, under an advisory lock per incident area
	// (neighbour cells in order), for an older open case of the same incident, and,
	// if there is one, puts report_joins into its inbox in the same transaction.
	Append(ctx context.Context, after casefile.Case, events []casefile.Event, join *JoinQuery) (JoinResult, error)
	// Inbox returns what arrived for a case with numbers in (after, upTo], in order.
	Inbox(ctx context.Context, id casefile.CaseID, after, upTo int) ([]Arrived, error)
	// Speak puts one word of a case, or of the system, into the inbox of another
	// case and returns its number there. The event ID makes a repeat harmless.
	Speak(ctx context.Context, to casefile.CaseID, eventID string, in casefile.Incoming) (n int, err error)
}

// Arrived is one inbox row of a case.
type Arrived struct {
	N        int                 `json:"n"`
	EventID  casefile.EventID    `json:"event_id"`
	At       time.Time           `json:"at"` // when it was stored, case time
	In       casefile.Incoming   `json:"in"`
	From     casefile.ReporterID `json:"from,omitempty"`
	Desk     Desk                `json:"desk,omitzero"`       // the duty desk that a member who pressed a desk's button is
	KeptAway bool                `json:"kept_away,omitempty"` // by a member whom the case must not reach
}

// Desk is a duty desk as the roster knows it, whatever the card says that somebody pressed on.
type Desk struct {
	Level    casefile.Level  `json:"level,omitempty"`    // empty: a person in the field
	Province string          `json:"province,omitempty"` // empty: of the nation
	Unit     casefile.UnitID `json:"unit,omitempty"`     // of the member who pressed a button of a follow-up, desk or not
}

// For is the level at which the desk answers for a place, empty for none.
func (d Desk) For(at casefile.Place) casefile.Level {
	if d.Province != "" && d.Province != at.Province {
		return ""
	}
	return d.Level
}

// JoinQuery asks whether a freshly placed report belongs to an older case.
type JoinQuery struct {
	Case         casefile.CaseID       `json:"case"`
	Type         casefile.IncidentType `json:"type"`
	Reporter     casefile.ReporterID   `json:"reporter"`
	ReportedAt   time.Time             `json:"reported_at"`
	At           time.Time             `json:"at"`
	Pin          casefile.Pin          `json:"pin"`
	RadiusM      int                   `json:"radius_m"`       // same incident: at most this far
	Window       time.Duration         `json:"window"`         // and reported at most this long before
	SamePlaceM   int                   `json:"same_place_m"`   // an earlier, controlled case at the same place
	SamePlaceAge time.Duration         `json:"same_place_age"` // not older than this
}

// JoinResult says what was found. At most one of Lead and Earlier is set.
type JoinResult struct {
	Lead         casefile.CaseID   `json:"lead,omitempty"`       // older open case before control, same type: join it
	LeadInbox    int               `json:"lead_inbox,omitempty"` // number of report_joins in its inbox
	Earlier      casefile.CaseID   `json:"earlier,omitempty"`    // case at the same place after control: rings again
	EarlierInbox int               `json:"earlier_inbox,omitempty"`
	Linked       []casefile.CaseID `json:"linked,omitempty"` // open cases of another type at the place

	Excluded []casefile.Exclusion `json:"excluded,omitempty"` // whom those cases must not reach
}

// Media keeps what people sent beside words. postgres.Store happens to provide it.
type Media interface {
	// PendingMedia lists what a case was sent and nobody has fetched yet.
	PendingMedia(ctx context.Context, id casefile.CaseID) ([]KeepInput, error)
	// KeepMedia settles one; a repeat changes nothing.
	KeepMedia(ctx context.Context, id casefile.CaseID, seq int, m Kept) error
}

// Kept is what became of a photo, voice message, video or file.
type Kept struct {
	State       MediaState
	ContentType string // as the channel says
	Content     []byte // only when kept
}

// MediaState says whether we have the content.
type MediaState string

const (
	MediaPending  MediaState = "PENDING"
	MediaKept     MediaState = "KEPT"
	MediaGone     MediaState = "GONE" // taken back or expired before we came
	MediaTooLarge MediaState = "TOO_LARGE"
)

// Contents fetches what people sent from the channel. line.Client happens to provide it.
type Contents interface {
	// Content returns ErrGone or ErrTooLarge for content that will not come;
	// errors of type *TransientError may be tried again.
	Content(ctx context.Context, messageID string) (data []byte, contentType string, err error)
}

// Errors of content that will not come.
var (
	ErrGone     = errors.New("the content is gone")
	ErrTooLarge = errors.New("the content is too large")
)

// Roster knows members and units.
type Roster interface {
	// Nearest returns the members of a role nearest to a point, on duty or not,
	// truly nearest first, at most k, none farther than withinM.
	Nearest(ctx context.Context, q NearQuery) ([]dispatch.Candidate, error)
	// Desks returns the duty desks that answer for a level at a place, and marks those that a case must not reach.
	Desks(ctx context.Context, level casefile.Level, at casefile.Place, station casefile.UnitID, of casefile.CaseID) ([]dispatch.Candidate, error)
	// Station returns the unit responsible for a place (station-area table, else the
	// nearest live station) and the next-nearest live one.
	Station(ctx context.Context, pin casefile.Pin, at casefile.Place) (responsible, next casefile.UnitID, err error)
	// Acceptance counts offers and acceptances of a role in a province at an hour of the day, over the last weeks.
	Acceptance(ctx context.Context, role casefile.Role, province string, hour int) (asked, accepted int, err error)
	// Live reports whether a province is LIVE; otherwise it is DESK_ONLY.
	Live(ctx context.Context, province string) (bool, error)
	// RingTaps lets one ring of a level's desks be for all taps without a pin that
	// wait there, whichever case it comes from. A repeat for the same event rings again.
	RingTaps(ctx context.Context, r TapRing) (TapsRung, error)
	// Chosen keeps why each candidate of some waves was asked or not. It may be lost
	// with the database's last moments, but not if an event recorded later is kept.
	Chosen(ctx context.Context, id casefile.CaseID, waves []Chosen) error
}

// Chosen is one wave with its reasons.
type Chosen struct {
	Seq     int // the OFFERED event
	Role    casefile.Role
	Choices []dispatch.Choice
}

// NearQuery asks for the nearest members of a role.
type NearQuery struct {
	Pin     casefile.Pin    `json:"pin"`
	Role    casefile.Role   `json:"role"`
	K       int             `json:"k"`
	WithinM int             `json:"within_m"`
	Case    casefile.CaseID `json:"case"` // for the conflict-of-interest list
	At      time.Time       `json:"at"`
}

// TapRing asks whether a case is to ring the desks of a level for the taps that wait there.
type TapRing struct {
	Level  casefile.Level
	Case   casefile.CaseID
	Seq    int           // events of the case so far
	Since  time.Time     // a ring after this instant was for this case, too
	At     time.Time     // now, case time
	Bundle time.Duration // there is one ring in so long
}

// TapsRung is the ring of a case, or the one that another case made.
type TapsRung struct {
	Mine    bool              `json:"mine,omitempty"` // it is for this case to ring, for all that wait
	At      time.Time         `json:"at"`             // of the latest ring
	Taps    int               `json:"taps,omitempty"` // that wait, if it is for this case to ring
	People  int               `json:"people,omitempty"`
	Longest []casefile.CaseID `json:"longest,omitempty"` // one tap of each of the people who wait longest
}

// Contacts resolves whom a message goes to, and keeps what became of it.
type Contacts interface {
	// MemberContact and ReporterContact return casefile.ErrNotFound for nobody. A
	// member is asked for about a case, which may have to keep away from them; empty: about none.
	MemberContact(ctx context.Context, id casefile.MemberID, about casefile.CaseID) (Contact, error)
	ReporterContact(ctx context.Context, id casefile.ReporterID) (Contact, error)
	// Delivered records what a channel answered to messages; a repeat of a key overwrites.
	Delivered(ctx context.Context, d []Delivery) error
	// Answered returns which of the keys a channel has already answered for good.
	Answered(ctx context.Context, id casefile.CaseID, keys []string) (map[string]Outcome, error)
}

// Nudger wakes the workflow of a case, or starts one.
type Nudger interface {
	Nudge(ctx context.Context, id casefile.CaseID, upTo int) error
}

// Proofs checks the seal that the API puts on a console command.
type Proofs interface {
	CheckProof(proof string, parts ...string) bool
}

// Places finds province and district of a point. policy.Places happens to provide it.
type Places interface {
	Province(code string) (policy.Province, bool)
	Locate(lat, lon float64) (place casefile.Place, ok bool)
	Urban(district string) bool
}

// Contact is how somebody is reached.
type Contact struct {
	LINE     string // LINE user ID; empty: no LINE contact
	Unit     casefile.UnitID
	Desk     bool   // a duty desk: some ways are only for these
	Group    string // of a duty desk: LINE group ID of its unit; empty: none
	Quiet    bool   // a reporter with an open case in quiet mode: nothing unasked, whatever case it is about
	KeptAway bool   // the case must not reach this member
	Language casefile.Language
	Others   []Way // verified ways beside LINE, one of each channel at most
}

// Way is how somebody is reached beside LINE, and when.
type Way struct {
	Channel casefile.Channel
	To      string         // address on that channel: an E.164 number, a mailbox
	After   *time.Duration // silence after which it is used, case time; nil: as the policy says; negative: only when another way has failed
	Hours   *policy.Hours  // of the day in Thailand, in which it is used; nil: always
}

// Delivery is one message and what the channel said to it.
type Delivery struct {
	Key      string // retry key input: case, event number, recipient, attempt
	Case     casefile.CaseID
	Seq      int    // event that caused the message
	To       string // member:<id> or reporter
	Channel  casefile.Channel
	Template string
	Outcome  Outcome
	Request  string // the channel's request ID
	At       time.Time

	DeliveredAt, AnsweredAt time.Time // zero: not known; read, never written with the others
}

// Outcome is what a channel said to a message. Accepted is not delivered.
type Outcome string

const (
	OutcomeAccepted  Outcome = "ACCEPTED"
	OutcomeRefused   Outcome = "REFUSED"    // our mistake or an unknown person; another try cannot help
	OutcomeQuota     Outcome = "QUOTA"      // monthly quota used up
	OutcomeNoContact Outcome = "NO_CONTACT" // nobody to send to
	OutcomeWithheld  Outcome = "WITHHELD"   // quiet mode: no push in place of an expired reply token
	OutcomeUnknown   Outcome = "UNKNOWN"    // never answered while the key lived
	OutcomeStale     Outcome = "STALE"      // the channel had not taken it when another had
	OutcomeFailed    Outcome = "FAILED"     // accepted, and reported back as not delivered
)

// Messenger speaks to people. A channel.Router provides it, line.Client for LINE.
type Messenger interface {
	// Send says a message through a push, or through the reply token when there is a
	// fresh one. Errors of type *TransientError may be tried again with the same key.
	Send(ctx context.Context, m Outgoing) (Sent, error)
}

// Outgoing is one message to one person, ready for the channel's templates.
type Outgoing struct {
	Channel    casefile.Channel // empty: LINE
	To         string           // address there: LINE user ID, E.164 number, mailbox
	Key        string           // the same for every try of the same message
	ReplyToken string           // empty: push
	ReplyOnly  bool             // quiet mode: no push if the token is spent
	Silent     bool             // no sound
	Language   casefile.Language
	Template   string
	Args       Args
}

// Sent is the channel's acceptance.
type Sent struct {
	Request string
	Outcome Outcome // OutcomeAccepted, OutcomeRefused, OutcomeQuota or OutcomeWithheld
}

// TransientError asks for another try of the same message, after a wait if one is given.
type TransientError struct {
	After  time.Duration
	Reason string // a code, never a body
}

func (e *TransientError) Error() string { return "channel: " + e.Reason }

// Args are the values of a template. All but the case code are optional. They
// hold nothing personal but Pin and Phone, which only templates for
// responders under way show.
type Args struct {
	Case     casefile.CaseID       `json:"case"`
	Code     string                `json:"code"`
	Seq      int                   `json:"seq,omitempty"` // the offer that buttons answer
	Type     casefile.IncidentType `json:"type,omitempty"`
	Guessed  bool                  `json:"guessed,omitempty"`
	Severity casefile.Severity     `json:"severity,omitempty"`
	State    casefile.State        `json:"state,omitempty"`
	Role     casefile.Role         `json:"role,omitempty"`
	Level    casefile.Level        `json:"level,omitempty"`
	NoCall   bool                  `json:"no_call,omitempty"` // first line of every responder's card
	Quiet    bool                  `json:"quiet,omitempty"`   // reporter is in quiet mode: neutral words
	Neutral  bool                  `json:"neutral,omitempty"`
	AckOnly  bool                  `json:"ack_only,omitempty"` // nobody is sent in this role: a desk's word is enough
	Lead     Lead                  `json:"lead,omitempty"`     // who leads at the scene, for those on the crew
	Forced   bool                  `json:"forced,omitempty"`   // cancelled: treat as forced
	Child    bool                  `json:"child,omitempty"`
	Minutes  int                   `json:"minutes,omitempty"`
	Metres   int                   `json:"metres,omitempty"`
	AgeS     int                   `json:"age_s,omitempty"`    // age of the report, seconds of case time
	Province string                `json:"province,omitempty"` // code; the template names it
	District string                `json:"district,omitempty"`
	Pin      *casefile.Pin         `json:"pin,omitempty"`   // exact place: after acceptance only; also echoed to the reporter
	Phone    string                `json:"phone,omitempty"` // call-back number: after acceptance only, never with NoCall
	Moved    bool                  `json:"moved,omitempty"`
	Reason   string                `json:"reason,omitempty"`   // a code that the template words
	Unit     string                `json:"unit,omitempty"`     // name of a unit
	Waiting  *TapsRung             `json:"waiting,omitempty"`  // the taps that wait at the desk
	Question *policy.Card          `json:"question,omitempty"` // the card that is asked next; nil: none
	Until    time.Time             `json:"until,omitzero"`     // the end of a shift
	Alarm    *Alarm                `json:"alarm,omitempty"`    // what the second watcher found; its cards only
	Owed     *casefile.Obligation  `json:"owed,omitempty"`     // what a card of a follow-up is about
	Contact  *casefile.SafeContact `json:"contact,omitempty"`  // when the person may be spoken to
	Roster   *RosterGaps           `json:"roster,omitempty"`   // what the morning list counted; its messages only

	Registration casefile.RegistrationID `json:"registration,omitempty"` // what a verifier's card is about
	Applicant    *Applicant              `json:"-"`                      // who it is: in the answer to a verifier's own press only, never in a workflow
	Talk         *casefile.TalkAnswer    `json:"talk,omitempty"`         // a concern or a task; their messages only
	Aid          *AidSaid                `json:"aid,omitempty"`          // an aid request; its messages only
}

// AidSaid is what a message of an aid request is about. Nothing in it is personal.
type AidSaid struct {
	ID    casefile.AidID    `json:"id"`
	State casefile.AidState `json:"state,omitempty"`
	At    time.Time         `json:"at,omitzero"` // the visit; until when an appeal may come; when the next step is owed
}

// RosterUnreachable is the message of the morning list. It names nobody.
const RosterUnreachable = "roster_unreachable"

// RosterGaps is how many people in a ladder cannot be reached, and how many ladders end at nobody.
type RosterGaps struct {
	People  int `json:"people"`
	Ladders int `json:"ladders"`
}

// Lead says to a member of the crew who leads at the scene; empty: nobody is there yet.
type Lead string

const (
	LeadYou     Lead = "YOU"      // who hears it
	LeadOnScene Lead = "ON_SCENE" // somebody else, who is there
)

// Alarm is what the second watcher tells the national desk.
type Alarm struct {
	Answer  string            `json:"answer,omitempty"` // what the button carries; empty: nothing can be answered
	Runbook string            `json:"runbook"`
	Count   int               `json:"count"`
	Cases   []casefile.CaseID `json:"cases,omitempty"` // the oldest of them
}
