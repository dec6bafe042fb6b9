package postgres_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
)

// decision is an order for the paper of what was decided on a request.
func decision(key string, a casefile.AidRequest) paper.Order {
	return paper.Order{
		Key: key, Aid: a.ID, Office: "of", By: at("op"), Purpose: "protection_followup", DecidedAt: a.DecidedAt,
		Paper: paper.Paper{
			Kind: paper.AidDecisionPaper, At: began, Secrecy: paper.Secret, Digits: paper.ThaiDigits, Office: paper.Office{Name: "สำนักงาน"},
			AidDecision: &paper.AidDecision{
				Person: paper.Person{Name: "มะลิ"}, DecidedAt: a.DecidedAt, Items: []paper.Grant{{Name: "เงินสงเคราะห์", Satang: 3000_00}}, Signer: paper.Signer{Name: "ก", Position: "ข"},
			},
		},
	}
}

// later records events of a request at another instant.
func (f *fixture) later(a casefile.AidRequest, when time.Time, events ...casefile.AidEvent) casefile.AidRequest {
	f.t.Helper()
	var err error
	for i := range events {
		events[i].ID, events[i].At, events[i].DueAt, events[i].CallAt = casefile.EventID(uuid.NewString()), when, when.Add(time.Hour), when.Add(time.Hour)
		if a, err = a.Apply(events[i]); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := f.AppendAid(f.t.Context(), a, events, nil); err != nil {
		f.t.Fatal(err)
	}
	return a
}

// No money moves without paper, and not on the paper of a decision that was overturned.
func TestAPaperIsOfTheDecisionThatStands(t *testing.T) {
	f := setup(t)
	f.unit("of", casefile.LevelMSDHSProvince, 16.82, 100.26)
	a := f.granted("of", giro, money(3000_00))
	on := func(want bool, when string) {
		t.Helper()
		if there, err := f.DecisionPaper(t.Context(), a.ID); err != nil || there != want {
			t.Errorf("%s: on paper %v, %v", when, there, err)
		}
	}
	on(false, "nothing was written")
	p, d, err := f.IssuePaper(t.Context(), decision("one", a))
	if err != nil {
		t.Fatal(err)
	}
	on(true, "the decision was written")
	if _, _, err := f.IssuePaper(t.Context(), decision("one", f.granted("of", giro, money(1_00)))); !errors.Is(err, paper.ErrAnother) {
		t.Errorf("the key of another request's paper: %v", err)
	}
	_, again, err := f.AidPaper(t.Context(), a.ID, "of", p.Year, p.Number)
	if err != nil || !bytes.Equal(d.Bytes, again.Bytes) {
		t.Errorf("the paper has other bytes the second time, %v", err)
	}
	if _, _, err := f.Paper(t.Context(), f.report("U1", casefile.Berserk, began).ID, "of", p.Year, p.Number); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("the paper was handed out as one of a case: %v", err)
	}
	all, err := f.AidPapers(t.Context(), a.ID)
	if err != nil || len(all) != 1 || all[0].Number != p.Number || all[0].Kind != paper.AidDecisionPaper || all[0].Pages != d.Pages {
		t.Errorf("the list has %+v, %v", all, err)
	}
	var audited int
	if err := f.Pool.QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE case_id = $1 AND action = 'AID_PAPER_ISSUED'", a.ID).Scan(&audited); err != nil || audited != 1 {
		t.Errorf("%d are on record, %v", audited, err)
	}

	// Refused, contested, decided anew: the first paper does not do for the second decision.
	refused := f.drafted(household("", "ปลา", "ทดสอบ", "9"))
	if _, err := f.SendAid(t.Context(), refused, aidFiler, "k"); err != nil {
		t.Fatal(err)
	}
	if a, err = f.Aid(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	a = f.later(a, began,
		casefile.AidEvent{Kind: casefile.AidSent, By: aidFiler, Form: 1, Place: &casefile.Place{Province: "65"}, Problems: []casefile.Problem{casefile.Drugs}, Urgency: casefile.AidNormal, Wanted: []string{"X"}, Office: "of"},
		casefile.AidEvent{Kind: casefile.AidPassed, By: at("officer")},
		casefile.AidEvent{Kind: casefile.AidRefused, By: at("chief"), Reason: "NO_NEED_FOUND", UntilAt: began.AddDate(0, 0, 15)})
	o := decision("two", a)
	o.Paper.AidDecision.Items, o.Paper.AidDecision.Refused, o.Paper.AidDecision.Reason = nil, true, "ไม่พบความเดือดร้อน"
	if _, _, err := f.IssuePaper(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	on(true, "the refusal was written")
	a = f.later(a, began.Add(time.Hour),
		casefile.AidEvent{Kind: casefile.AidContested, By: aidFiler, Reason: "FACTS_WRONG"},
		casefile.AidEvent{Kind: casefile.AidHeard, By: at("judge"), Yes: true},
		casefile.AidEvent{Kind: casefile.AidPlanMade, By: at("officer"), Yes: true, Needed: 1, Items: []casefile.AidItem{{Code: "X", Satang: 1_00}}},
		casefile.AidEvent{Kind: casefile.AidAgreed, By: at("second")})
	on(false, "it was decided anew")
	if _, _, err := f.IssuePaper(t.Context(), decision("three", a)); err != nil {
		t.Fatal(err)
	}
	on(true, "the new decision was written")
}

// A button on a card speaks for whoever visits or filed, and for nobody else.
func TestForgedAidButtonsAreRefused(t *testing.T) {
	f := talking(t)
	f.unit("of", casefile.LevelMSDHSProvince, 16.82, 100.26)
	visitor, filer, stranger := officer("visitor", "of", 16.8, 100.2), officer("volunteer", "of", 16.8, 100.2), officer("stranger", "of", 16.8, 100.2)
	visitor.LINE, filer.LINE, stranger.LINE = "Uvisitor", "Ufiler", "Ustranger"
	a := f.filed(household("", "ปลา", "ทดสอบ", "9"))
	f.members(visitor, filer, stranger)
	a = f.later(a, began, casefile.AidEvent{Kind: casefile.AidPassed, By: at("officer")},
		casefile.AidEvent{Kind: casefile.AidVisitPlanned, By: at("officer"), Member: "visitor", VisitAt: began.Add(time.Hour)})
	heard := func() int {
		words, err := f.AidInbox(t.Context(), a.ID, 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(words)
	}
	missed := casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActAidMissed, Aid: a.ID, Reason: "NOBODY_HOME"}
	withdraw := casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActAidWithdraw, Aid: a.ID, Reason: "NOT_WANTED"}
	other := missed
	other.Aid = casefile.AidID(uuid.NewString())
	wrong := missed
	wrong.Reason = "ACCOUNT_CLOSED"
	for user, words := range map[string][]casefile.Incoming{
		"Ustranger": {missed, withdraw}, "Ucitizen": {missed, withdraw}, "Ufiler": {missed}, "Uvisitor": {withdraw, other, wrong},
	} {
		for _, w := range words {
			if r := f.says(user, w); r.Aid != "" || r.AidN != 0 || r.Talk.Say != "" {
				t.Errorf("%s pressed %s of %s: %+v", user, w.Action, w.Reason, r)
			}
		}
	}
	if heard() != 0 {
		t.Fatal("a forged button was heard")
	}
	if r := f.says("Uvisitor", missed); r.Aid != a.ID || r.AidN != 2 || r.Talk.Say != casefile.SaidLater || r.Case != "" {
		t.Errorf("the visitor's own button: %+v", r)
	}
	withdraw.Reason = ""
	if r := f.says("Ufiler", withdraw); r.Talk.Say != "aid_why" || r.Talk.Aid != a.ID || r.AidN != 0 {
		t.Errorf("the first tap is answered %+v", r)
	}
	withdraw.Reason = "MOVED"
	if r := f.says("Ufiler", withdraw); r.AidN != 3 {
		t.Errorf("the second tap is answered %+v", r)
	}
	words, err := f.AidInbox(t.Context(), a.ID, 1, 10)
	if err != nil || len(words) != 2 || words[0].Order.Kind != casefile.AidVisitMissed || words[0].Order.By.ID != "visitor" || words[0].Order.Reason != "NOBODY_HOME" ||
		words[1].Order.Kind != casefile.AidTakenBack || words[1].Order.By.ID != "volunteer" {
		t.Errorf("heard %+v, %v", words, err)
	}
}
