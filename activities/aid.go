package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
	"github.com/ess-thailand/ess/policy"
)

// Aids is the record of aid requests. postgres.Store happens to provide it.
type Aids interface {
	// Aid returns a request as last recorded, or casefile.ErrNotFound.
	Aid(ctx context.Context, id casefile.AidID) (casefile.AidRequest, error)
	// AidInbox returns what arrived for it behind a number, in order.
	AidInbox(ctx context.Context, id casefile.AidID, after, limit int) ([]AidWord, error)
	// AppendAid writes the events, the row and the audit rows, or nothing; a repeat is no error, casefile.ErrMoved says
	// that other events stand there, and casefile.ErrOverLimit that what is approved would go over a limit with what was
	// granted meanwhile.
	AppendAid(ctx context.Context, after casefile.AidRequest, events []casefile.AidEvent, limits []policy.AidLimit) error
	// AidForm returns what was sent, or casefile.ErrNotFound.
	AidForm(ctx context.Context, id casefile.AidID, n int) (casefile.AidForm, error)
	// KeepSubject puts the subject and the household of a form into the register, or finds them there, and writes the
	// hashes by which the request is found again. A repeat does nothing more.
	KeepSubject(ctx context.Context, id casefile.AidID, by casefile.Actor, f casefile.AidForm) (casefile.PersonID, string, error)
	// AidTwins lists other requests of the same person or household, the newest first.
	AidTwins(ctx context.Context, id casefile.AidID) ([]AidTwin, error)
	// Granted lists what was granted to the same person or household and not void.
	Granted(ctx context.Context, id casefile.AidID) ([]policy.AidGranted, error)
	// Confirmed lists what officers have confirmed of the catalogue.
	Confirmed(ctx context.Context) ([]policy.AidConfirmed, error)
	// AidToAlarm opens an emergency from what was filled in; a repeat finds the same.
	AidToAlarm(ctx context.Context, a casefile.AidRequest, by casefile.Actor) (c casefile.CaseID, inbox int, err error)
	// AidPlain is what a follow-up begins with that grows out of a request.
	AidPlain(ctx context.Context, a casefile.AidRequest) (casefile.Private, error)
}

// AidWord is an order that lay in the inbox.
type AidWord struct {
	N     int               `json:"n"`
	Order casefile.AidOrder `json:"order"`
}

// AidTwin is another request that seems to be of the same person or household.
type AidTwin struct {
	Aid casefile.AidRequest `json:"aid"`
	By  string              `json:"by"` // NUMBER, NAME, HOME, NAME_NEAR or PHONE: the surest that matches
}

// AidInput names an aid request.
type AidInput struct {
	Aid   casefile.AidID `json:"aid"`
	After int            `json:"after,omitempty"` // inbox number
}

// AidBegin is a request as recorded, what the policy says of it, and what arrived since.
type AidBegin struct {
	Aid   casefile.AidRequest `json:"aid"`
	Plan  policy.AidPlan      `json:"plan"`
	Words []AidWord           `json:"words"`
}

// BeginAid loads a request for a run.
func (a *Activities) BeginAid(ctx context.Context, in AidInput) (AidBegin, error) {
	r, err := a.Aids.Aid(ctx, in.Aid)
	if err != nil {
		return AidBegin{}, final(ctx, fmt.Errorf("begin aid request %s: %w", in.Aid, err))
	}
	out := AidBegin{Aid: r, Plan: a.policy().AidPlan()}
	out.Words, err = a.HearAid(ctx, AidInput{Aid: r.ID, After: r.Inbox})
	return out, err
}

// HearAid reads what arrived for a request.
func (a *Activities) HearAid(ctx context.Context, in AidInput) ([]AidWord, error) {
	words, err := a.Aids.AidInbox(ctx, in.Aid, in.After, wordsAtOnce)
	return words, final(ctx, err)
}

// AidRecord is a request after some events, and these events.
type AidRecord struct {
	After  casefile.AidRequest `json:"after"`
	Events []casefile.AidEvent `json:"events"`
	Limits []policy.AidLimit   `json:"limits,omitempty"` // what is approved must stay within them
	Proof  *AidProof           `json:"proof,omitempty"`  // of the console's order that caused them
}

// AidProof is the API's seal on an order.
type AidProof struct {
	Order string                `json:"order"`
	Kind  casefile.AidEventKind `json:"kind"`
	By    casefile.Actor        `json:"by"`
	Seal  string                `json:"seal"`
}

// RecordAid writes what happened to a request.
func (a *Activities) RecordAid(ctx context.Context, in AidRecord) error {
	if p := in.Proof; p != nil && !a.Proofs.CheckProof(p.Seal, string(in.After.ID), p.Order, string(p.Kind), string(p.By.Kind), p.By.ID) {
		return final(ctx, &casefile.RefusedError{
			Kind: casefile.Kind(p.Kind), Th: "คำสั่งนี้ไม่ได้มาจากระบบที่ลงชื่อเข้าใช้", En: "this order did not come through a signed-in console",
		})
	}
	err := a.Aids.AppendAid(ctx, in.After, in.Events, in.Limits)
	if errors.Is(err, casefile.ErrOverLimit) {
		return temporal.NewNonRetryableApplicationError("over a limit", TypeOverLimit, err)
	}
	return final(ctx, err)
}

// KeepAidInput is a form that was sent.
type KeepAidInput struct {
	Aid  casefile.AidID `json:"aid"`
	Form int            `json:"form"`
	By   casefile.Actor `json:"by"`
}

// KeptAid is what the record says of a form, without anything personal.
type KeptAid struct {
	Subject  casefile.PersonID   `json:"subject"`
	Home     string              `json:"home"`
	Place    casefile.Place      `json:"place"`
	Problems []casefile.Problem  `json:"problems"`
	Urgency  casefile.AidUrgency `json:"urgency"`
	Wanted   []string            `json:"wanted"`
	Office   casefile.UnitID     `json:"office,omitempty"` // that works on requests from there; empty: none has a desk
}

// KeepAidSubject keeps the subject and the household of a form in the register and finds the office that works on it.
func (a *Activities) KeepAidSubject(ctx context.Context, in KeepAidInput) (KeptAid, error) {
	f, err := a.Aids.AidForm(ctx, in.Aid, in.Form)
	if err != nil {
		return KeptAid{}, final(ctx, fmt.Errorf("keep aid request %s: %w", in.Aid, err))
	}
	out := KeptAid{
		Place: casefile.Place{Province: f.Home.Province, District: f.Home.District}, Problems: f.Need.Problems, Urgency: f.Need.Urgency, Wanted: f.Need.Wanted,
	}
	if f.Need.Violence || f.Need.Suicide { // it cannot wait in a queue, whatever was ticked
		out.Urgency = casefile.AidSoon
	}
	if pin := f.Home.Pin; pin != nil && pin.Usable() {
		if place, ok := a.Places.Locate(pin.Lat, pin.Lon); ok && place.Province == out.Place.Province {
			out.Place.District = place.District
			out.Place.Cell = a.Cells(pin.Lat, pin.Lon)
		}
	}
	out.Subject, out.Home, err = a.Aids.KeepSubject(ctx, in.Aid, in.By, f)
	var invalid *casefile.InvalidError
	if errors.As(err, &invalid) { // no repeat cures it: who filed it corrects it
		err = &casefile.RefusedError{Kind: casefile.Kind(casefile.AidSent), State: casefile.State(casefile.AidDraft), Th: invalid.Th, En: invalid.En}
	}
	if err != nil {
		return KeptAid{}, final(ctx, err) // without the words of the form
	}
	desks, err := a.Roster.Desks(ctx, casefile.LevelMSDHSProvince, out.Place, "", "")
	if err != nil {
		return KeptAid{}, final(ctx, fmt.Errorf("find the office of aid request %s: %w", in.Aid, err))
	}
	if len(desks) > 0 {
		out.Office = desks[0].Unit
	}
	return out, nil
}

// CheckAidInput is a request as it would be, and when.
type CheckAidInput struct {
	Aid casefile.AidRequest `json:"aid"`
	At  time.Time           `json:"at"` // case time
}

// CheckedAid is what the rules and the records say. Nothing in it is personal.
type CheckedAid struct {
	Found  []casefile.AidFinding `json:"found"`
	Needed int                   `json:"needed"`            // how many must agree to the items
	Unseen bool                  `json:"unseen,omitempty"`  // every item may be granted without a visit
	Limits []policy.AidLimit     `json:"limits,omitempty"`  // of the items, for the moment of the grant
	Words  *policy.Text          `json:"refusal,omitempty"` // why the items cannot be granted: the rule's own words
}

// hard are the findings that no officer can clear: the plan must change, or the catalogue be confirmed.
var hard = []casefile.AidFindingKind{casefile.FoundNotEligible, casefile.FoundOverLimit, casefile.FoundUnconfirmed}

// CheckAid looks at the rules, the limits and at other requests of the same people.
func (a *Activities) CheckAid(ctx context.Context, in CheckAidInput) (CheckedAid, error) {
	r := in.Aid
	fail := func(err error) (CheckedAid, error) {
		return CheckedAid{}, final(ctx, fmt.Errorf("check aid request %s: %w", r.ID, err))
	}
	f, err := a.Aids.AidForm(ctx, r.ID, r.Form)
	if err != nil {
		return fail(err)
	}
	granted, err := a.Aids.Granted(ctx, r.ID)
	if err != nil {
		return fail(err)
	}
	confirmed, err := a.Aids.Confirmed(ctx)
	if err != nil {
		return fail(err)
	}
	twins, err := a.Aids.AidTwins(ctx, r.ID)
	if err != nil {
		return fail(err)
	}
	p := a.policy()
	out := CheckedAid{
		Found:  p.JudgeAid(policy.FactsOf(f, in.At), r.Wanted, r.Items, granted, confirmed, in.At),
		Needed: p.AidApprovalsBeside(r.Items, r.Place.Province, granted, in.At), Limits: p.AidLimits(r.Items, in.At),
		Unseen: len(r.Items) > 0 && !slices.ContainsFunc(r.Items, func(i casefile.AidItem) bool {
			kind, ok := p.AidKind(i.Code, in.At)
			return !ok || kind.Visit
		}),
	}
	if !f.PayeeKnown() { // an officer who did not file it looks whose it is
		out.Found = append(out.Found, casefile.AidFinding{Kind: casefile.FoundUnknown, Rule: policy.RulePayee, Blocks: true})
	}
	for _, t := range twins {
		if t.Aid.State == casefile.AidWithdrawn {
			continue
		}
		out.Found = append(out.Found, casefile.AidFinding{
			Kind: casefile.FoundDuplicate, By: t.By, Other: t.Aid.ID, Blocks: !t.Aid.State.Ended() && t.Aid.State != casefile.AidRejected,
		})
	}
	if len(r.Items) > 0 {
		if i := slices.IndexFunc(out.Found, func(f casefile.AidFinding) bool { return f.Blocks && slices.Contains(hard, f.Kind) }); i >= 0 {
			words := p.AidWords(out.Found[i])
			out.Words = &words
		}
	}
	return out, nil
}

// AidCaseInput asks for the case that grows out of a request.
type AidCaseInput struct {
	Aid    casefile.AidRequest `json:"aid"`
	Office casefile.UnitID     `json:"office,omitempty"`
	By     casefile.Actor      `json:"by"`
	At     time.Time           `json:"at"`
}

// AidAlarm opens an emergency from what was filled in.
func (a *Activities) AidAlarm(ctx context.Context, in AidCaseInput) (casefile.CaseID, error) {
	id, n, err := a.Aids.AidToAlarm(ctx, in.Aid, in.By)
	if err != nil {
		return "", final(ctx, fmt.Errorf("raise aid request %s: %w", in.Aid.ID, err))
	}
	a.nudge(ctx, id, n)
	return id, nil
}

// AidFollow opens a follow-up beside a request, from what was filled in.
func (a *Activities) AidFollow(ctx context.Context, in AidCaseInput) (casefile.CaseID, error) {
	f, err := a.Aids.AidForm(ctx, in.Aid.ID, in.Aid.Form)
	if err != nil {
		return "", final(ctx, fmt.Errorf("follow aid request %s: %w", in.Aid.ID, err))
	}
	said, err := a.Aids.AidPlain(ctx, in.Aid)
	if err != nil {
		return "", final(ctx, fmt.Errorf("follow aid request %s: %w", in.Aid.ID, err))
	}
	const grown = 18
	id, err := a.OpenFollowUp(ctx, casefile.Opening{
		Event: casefile.EventID("aid:" + string(in.Aid.ID) + ":follow"), By: in.By, Office: in.Office, Problem: in.Aid.Problems[0], Place: in.Aid.Place,
		Child:    policy.FactsOf(f, in.At).Subject.Age.Most < grown || slices.Contains(in.Aid.Problems, casefile.ChildYouth),
		Severity: casefile.Medium, From: "aid/" + string(in.Aid.ID), Private: said, At: in.At,
	})
	if err != nil {
		return "", final(ctx, fmt.Errorf("follow aid request %s: %w", in.Aid.ID, err))
	}
	return id, nil
}

// AidMessage is one message about a request. Nothing in it is personal.
type AidMessage struct {
	Member   casefile.MemberID `json:"member,omitempty"` // empty: the person helped
	Template string            `json:"template"`
	Args     Args              `json:"args"`
}

// AidPerson is what the person helped is told: that something has moved, and whom to call.
const AidPerson = "aid_person"

// TellAidInput is what is said at one moment of a request.
type TellAidInput struct {
	Aid      casefile.AidID  `json:"aid"`
	Form     int             `json:"form,omitempty"`
	Case     casefile.CaseID `json:"case,omitempty"` // that it came from, or became: whom that must not reach, neither does this
	Seq      int             `json:"seq"`            // the event that says so, and part of the keys
	Messages []AidMessage    `json:"messages"`
}

// TellAid speaks to those who work on a request, and to the person helped where the form says that it is safe and that
// they agreed to messages. The keys make a repeat harmless; who is not reached is followed by the next rung.
func (a *Activities) TellAid(ctx context.Context, in TellAidInput) error {
	defer beat(ctx)()
	var wait *TransientError
	quiet := a.policy().Quiet(a.Clock.Case(time.Now()))
	for _, m := range in.Messages {
		out := Outgoing{
			Key: fmt.Sprintf("aid/%s/%d/%s/%s", in.Aid, in.Seq, m.Member, m.Template), Silent: quiet, Template: m.Template, Args: m.Args,
		}
		if err := a.aidRecipient(ctx, in, m, &out); errors.Is(err, casefile.ErrNotFound) || err == nil && out.To == "" {
			continue
		} else if err != nil {
			wait = transient(err)
			continue
		}
		if _, err := a.Messenger.Send(ctx, out); err != nil {
			wait = transient(err)
		}
	}
	if wait != nil {
		return temporal.NewApplicationErrorWithOptions("some messages were not accepted yet", TypeUnsaid,
			temporal.ApplicationErrorOptions{NextRetryDelay: wait.After, Category: temporal.ApplicationErrorCategoryBenign})
	}
	return nil
}

// aidRecipient says where a message goes.
func (a *Activities) aidRecipient(ctx context.Context, in TellAidInput, m AidMessage, out *Outgoing) error {
	if m.Member != "" {
		to, err := a.Contacts.MemberContact(ctx, m.Member, in.Case)
		if !to.KeptAway {
			out.To, out.Language = to.LINE, to.Language
		}
		return err
	}
	f, err := a.Aids.AidForm(ctx, in.Aid, in.Form)
	agreed := slices.ContainsFunc(f.Consents, func(c casefile.AidConsent) bool { return c.Purpose == casefile.ForContact && c.Given })
	if number, ok := phone.E164(f.Subject.Phone); err == nil && ok && agreed && f.Subject.SafeToCall {
		out.Channel, out.To, out.Language = casefile.ChannelSMS, number, casefile.Thai
	}
	return err
}
