package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
)

// Concerns is the record of concerns. postgres.Store happens to provide it.
type Concerns interface {
	// Concern returns a concern as last recorded, or casefile.ErrNotFound.
	Concern(ctx context.Context, id casefile.ConcernID) (casefile.Concern, error)
	// ConcernInbox returns what arrived for it behind a number, in order.
	ConcernInbox(ctx context.Context, id casefile.ConcernID, after, limit int) ([]ConcernWord, error)
	// AppendConcern writes the events, the row and the audit rows, or nothing; a repeat is no error, and
	// casefile.ErrMoved says that other events stand there.
	AppendConcern(ctx context.Context, after casefile.Concern, events []casefile.ConcernEvent) error
	// PendingEvidence lists what nobody has fetched yet; KeepEvidence settles one.
	PendingEvidence(ctx context.Context, id casefile.ConcernID) ([]EvidenceInput, error)
	KeepEvidence(ctx context.Context, id casefile.ConcernID, seq int, m Kept) error
	// SchoolIn finds the one organisation that a text names; not found: none, or several.
	SchoolIn(ctx context.Context, text string) (casefile.Unit, bool, error)
	// HeadsOf lists the supervisors of a unit.
	HeadsOf(ctx context.Context, unit casefile.UnitID) ([]casefile.MemberID, error)
	// PointerContact is how the pointer is reached, for the one thing they are told.
	PointerContact(ctx context.Context, id casefile.ConcernID) (Contact, error)
	// ConcernToAlarm opens an emergency from what is recorded of a concern; a repeat finds the same.
	ConcernToAlarm(ctx context.Context, id casefile.ConcernID, by casefile.Actor) (c casefile.CaseID, inbox int, err error)
	// ConcernPlain is everything that the pointer said, for whoever takes it into a follow-up.
	ConcernPlain(ctx context.Context, id casefile.ConcernID) (casefile.Private, error)
}

// ConcernWord is one thing that arrived for a concern.
type ConcernWord struct {
	N       int               `json:"n"`
	EventID casefile.EventID  `json:"event_id"`
	At      time.Time         `json:"at"`
	In      casefile.Incoming `json:"in"`
}

// ConcernInput names a concern.
type ConcernInput struct {
	Concern casefile.ConcernID `json:"concern"`
	After   int                `json:"after,omitempty"` // inbox number
}

// ConcernBegin is a concern as recorded, what the policy says of it, and what arrived since.
type ConcernBegin struct {
	Concern casefile.Concern   `json:"concern"`
	Plan    policy.ConcernPlan `json:"plan"`
	Words   []ConcernWord      `json:"words"`
	Keep    []EvidenceInput    `json:"keep,omitempty"`
}

// wordsAtOnce bounds one read of an inbox.
const wordsAtOnce = 50

// BeginConcern loads a concern for a run.
func (a *Activities) BeginConcern(ctx context.Context, in ConcernInput) (ConcernBegin, error) {
	c, err := a.Concerns.Concern(ctx, in.Concern)
	if err != nil {
		return ConcernBegin{}, final(ctx, fmt.Errorf("begin concern %s: %w", in.Concern, err))
	}
	out := ConcernBegin{Concern: c, Plan: a.policy().ConcernPlan(c.Kind, c.Place.Province)}
	if c.Version > 0 {
		if out.Keep, err = a.Concerns.PendingEvidence(ctx, c.ID); err != nil {
			return ConcernBegin{}, final(ctx, fmt.Errorf("begin concern %s: %w", in.Concern, err))
		}
	}
	out.Words, err = a.HearConcern(ctx, ConcernInput{Concern: c.ID, After: c.Inbox})
	return out, err
}

// HearConcern reads what arrived for a concern.
func (a *Activities) HearConcern(ctx context.Context, in ConcernInput) ([]ConcernWord, error) {
	words, err := a.Concerns.ConcernInbox(ctx, in.Concern, in.After, wordsAtOnce)
	return words, final(ctx, err)
}

// ConcernRecord is a concern after some events, and these events.
type ConcernRecord struct {
	After  casefile.Concern        `json:"after"`
	Events []casefile.ConcernEvent `json:"events"`
	Proof  *ConcernProof           `json:"proof,omitempty"` // of the console's order that caused them
}

// ConcernProof is the API's seal on an order.
type ConcernProof struct {
	Order string                    `json:"order"`
	Kind  casefile.ConcernEventKind `json:"kind"`
	By    casefile.Actor            `json:"by"`
	Seal  string                    `json:"seal"`
}

// RecordConcern writes what happened to a concern.
func (a *Activities) RecordConcern(ctx context.Context, in ConcernRecord) error {
	if p := in.Proof; p != nil && !a.Proofs.CheckProof(p.Seal, string(in.After.ID), p.Order, string(p.Kind), string(p.By.Kind), p.By.ID) {
		return final(ctx, &casefile.RefusedError{
			Kind: casefile.Kind(p.Kind), Th: "คำสั่งนี้ไม่ได้มาจากระบบที่ลงชื่อเข้าใช้", En: "this order did not come through a signed-in console",
		})
	}
	return final(ctx, a.Concerns.AppendConcern(ctx, in.After, in.Events))
}

// PlaceConcernInput is where a pointer says that it is.
type PlaceConcernInput struct {
	Concern casefile.ConcernID   `json:"concern"`
	Kind    casefile.ConcernKind `json:"kind"`
	Pin     *casefile.Pin        `json:"pin,omitempty"`
	Text    string               `json:"text,omitempty"`
}

// PlacedConcern is what could be found of it.
type PlacedConcern struct {
	Place  casefile.Place     `json:"place"`
	School casefile.UnitID    `json:"school,omitempty"`
	Plan   policy.ConcernPlan `json:"plan"` // at that place
}

// PlaceConcern finds the province of a pin, the school that a text names, or at least a province in the words.
func (a *Activities) PlaceConcern(ctx context.Context, in PlaceConcernInput) (out PlacedConcern, err error) {
	if in.Pin != nil && in.Pin.Usable() {
		if place, ok := a.Places.Locate(in.Pin.Lat, in.Pin.Lon); ok {
			out.Place = place
			out.Place.Cell = a.Cells(in.Pin.Lat, in.Pin.Lon)
		}
	}
	defer func() { out.Plan = a.policy().ConcernPlan(in.Kind, out.Place.Province) }()
	if in.Text == "" {
		return out, nil
	}
	school, found, err := a.Concerns.SchoolIn(ctx, in.Text)
	if err != nil {
		return out, final(ctx, fmt.Errorf("place concern %s: %w", in.Concern, err))
	}
	if found && (out.Place.Province == "" || out.Place.Province == school.Province) {
		out.School, out.Place.Province = school.ID, school.Province
	}
	if out.Place.Province == "" {
		out.Place.Province = policy.ProvinceIn(in.Text)
	}
	return out, nil
}

// AskInput asks for those who answer for a concern at one office.
type AskInput struct {
	Concern casefile.ConcernID `json:"concern"`
	Level   casefile.Level     `json:"level,omitempty"`
	School  casefile.UnitID    `json:"school,omitempty"` // the heads of this unit instead of the desks of a level
	Place   casefile.Place     `json:"place"`

	Declined []casefile.MemberID `json:"declined,omitempty"` // who is asked no more
}

// AskResult is whom to ask.
type AskResult struct {
	Unit    casefile.UnitID     `json:"unit,omitempty"`
	Members []casefile.MemberID `json:"members,omitempty"`
}

// FindConcernOffice finds whom to ask at one office.
func (a *Activities) FindConcernOffice(ctx context.Context, in AskInput) (AskResult, error) {
	if in.School != "" {
		heads, err := a.Concerns.HeadsOf(ctx, in.School)
		heads = slices.DeleteFunc(heads, func(m casefile.MemberID) bool { return slices.Contains(in.Declined, m) })
		return AskResult{Unit: in.School, Members: heads}, final(ctx, err)
	}
	found, err := a.Roster.Desks(ctx, in.Level, in.Place, "", "")
	if err != nil {
		return AskResult{}, final(ctx, fmt.Errorf("find who answers for concern %s: %w", in.Concern, err))
	}
	var out AskResult
	for _, c := range dispatch.Desks(found, in.Declined) {
		if !c.Chosen {
			continue
		}
		out.Members = append(out.Members, c.Member)
		if i := slices.IndexFunc(found, func(x dispatch.Candidate) bool { return x.ID == c.Member }); out.Unit == "" && i >= 0 {
			out.Unit = found[i].Unit
		}
	}
	return out, nil
}

// UnitOfInput names a member.
type UnitOfInput struct {
	Member casefile.MemberID `json:"member"`
}

// ConcernUnit is the unit of a member who takes a concern up.
func (a *Activities) ConcernUnit(ctx context.Context, in UnitOfInput) (casefile.UnitID, error) {
	to, err := a.Contacts.MemberContact(ctx, in.Member, "")
	if errors.Is(err, casefile.ErrNotFound) {
		return "", nil
	}
	return to.Unit, final(ctx, err)
}

// IntoCaseInput asks for the case that a concern becomes.
type IntoCaseInput struct {
	Concern casefile.Concern `json:"concern"`
	Event   casefile.EventID `json:"event"`
	By      casefile.Actor   `json:"by"`
	At      time.Time        `json:"at"`
}

// ConcernFollow opens a follow-up from what the pointer said, so that nobody types it again.
func (a *Activities) ConcernFollow(ctx context.Context, in IntoCaseInput) (casefile.CaseID, error) {
	said, err := a.Concerns.ConcernPlain(ctx, in.Concern.ID)
	if err != nil {
		return "", final(ctx, fmt.Errorf("follow concern %s: %w", in.Concern.ID, err))
	}
	id, err := a.OpenFollowUp(ctx, casefile.Opening{
		Event: in.Event, By: in.By, Office: in.Concern.Office, Problem: in.Concern.Kind.Problem(), Place: in.Concern.Place,
		Child: in.Concern.Child, Severity: casefile.Medium, From: "concern/" + string(in.Concern.ID), Private: said, At: in.At, Excluded: in.Concern.KeptFrom(),
	})
	if err != nil {
		return "", final(ctx, fmt.Errorf("follow concern %s: %w", in.Concern.ID, err))
	}
	return id, nil
}

// ConcernAlarm opens an emergency from what the pointer said.
func (a *Activities) ConcernAlarm(ctx context.Context, in IntoCaseInput) (casefile.CaseID, error) {
	id, n, err := a.Concerns.ConcernToAlarm(ctx, in.Concern.ID, in.By)
	if err != nil {
		return "", final(ctx, fmt.Errorf("raise concern %s: %w", in.Concern.ID, err))
	}
	a.nudge(ctx, id, n)
	return id, nil
}

// ConcernMessage is one message about a concern. Nothing in it is personal.
type ConcernMessage struct {
	Member     casefile.MemberID `json:"member,omitempty"` // empty: the pointer
	Template   string            `json:"template"`
	ReplyToken string            `json:"reply_token,omitempty"`
	Args       Args              `json:"args"`
}

// TellConcernInput is what is said at one moment of a concern.
type TellConcernInput struct {
	Concern  casefile.ConcernID `json:"concern"`
	Seq      int                `json:"seq"` // the event that says so, and part of the keys
	Messages []ConcernMessage   `json:"messages"`
}

// TellConcern speaks to those who were asked, and to the pointer. The keys make a
// repeat harmless; who is not reached is followed by the next office when the wait is over.
func (a *Activities) TellConcern(ctx context.Context, in TellConcernInput) error {
	defer beat(ctx)()
	var wait *TransientError
	for i, m := range in.Messages {
		var to Contact
		var err error
		if m.Member == "" {
			to, err = a.Concerns.PointerContact(ctx, in.Concern)
		} else {
			to, err = a.Contacts.MemberContact(ctx, m.Member, "")
		}
		if errors.Is(err, casefile.ErrNotFound) || err == nil && (to.LINE == "" || m.Member == "" && to.Quiet) {
			continue
		}
		if err == nil {
			_, err = a.Messenger.Send(ctx, Outgoing{
				To: to.LINE, Key: fmt.Sprintf("concern/%s/%d/%d/%s", in.Concern, in.Seq, i, m.Template), ReplyToken: m.ReplyToken,
				Language: to.Language, Silent: m.ReplyToken == "" && a.policy().Quiet(a.Clock.Case(time.Now())), Template: m.Template, Args: m.Args,
			})
		}
		if err != nil {
			wait = transient(err)
		}
	}
	if wait != nil {
		return temporal.NewApplicationErrorWithOptions("some messages were not accepted yet", TypeUnsaid,
			temporal.ApplicationErrorOptions{NextRetryDelay: wait.After, Category: temporal.ApplicationErrorCategoryBenign})
	}
	return nil
}

// EvidenceInput names a picture, voice or file that was sent to a concern.
type EvidenceInput struct {
	Concern   casefile.ConcernID `json:"concern"`
	Seq       int                `json:"seq"`
	MessageID string             `json:"message_id"`
}

// KeepEvidence fetches one and seals it, before the channel forgets it.
func (a *Activities) KeepEvidence(ctx context.Context, in EvidenceInput) error {
	kept, err := a.fetch(ctx, in.MessageID)
	if err != nil {
		return err
	}
	return final(ctx, a.Concerns.KeepEvidence(ctx, in.Concern, in.Seq, kept))
}
