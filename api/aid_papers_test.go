package api

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/paper"
	"github.com/ess-thailand/ess/policy"
)

// toldOf is a request that was visited and granted, with everything that its papers are written from.
func toldOf(t *testing.T) aidWriter {
	t.Helper()
	at := time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)
	rules := policy.Default().At(at)
	logbook := func(step float64) casefile.AidAnswers {
		return casefile.AidAnswers{Form: "household_logbook", Version: "1", Answers: map[string]any{"house": step}}
	}
	again := logbook(4)
	kinds := rules.AidKinds(at)
	money := kinds[slices.IndexFunc(kinds, func(k policy.AidGrantKind) bool { return !k.Goods })].Code
	var vouched []policy.AidConfirmed
	for _, r := range rules.AidRows(at) {
		vouched = append(vouched, policy.AidConfirmed{Code: r.Code, Digest: r.Digest, Name: "ก", At: at})
	}
	return aidWriter{
		rules: rules, forms: policy.DefaultForms(), now: at, area: "อ.เมืองพิษณุโลก จ.พิษณุโลก", confirmed: vouched,
		request: casefile.AidRequest{
			ID: "d0000000-0000-4000-8000-000000000001", State: casefile.AidApproved, Form: 1, Wanted: []string{money}, SubmittedAt: at.Add(-48 * time.Hour), VisitedAt: at.Add(-24 * time.Hour), DecidedAt: at,
			Items: []casefile.AidItem{{ID: 1, Code: money, Satang: 3000_00, State: casefile.ItemGranted}, {ID: 2, Code: money, Satang: 99_00, State: casefile.ItemDropped}},
			Found: []casefile.AidFinding{{Kind: casefile.FoundDuplicate, By: "HOME", Blocks: true}}, Clear: []casefile.AidFinding{{Kind: casefile.FoundDuplicate}},
		},
		form: casefile.AidForm{
			Subject: casefile.AidSubject{First: "น้ำผึ้ง", Last: "ก้ำเกื้อ", Number: "1101700230708", Birth: "1992-01-01", Sex: "FEMALE"},
			Home:    casefile.AidHome{Address: "12/3", Tenure: "RENT"}, Logbook: logbook(2),
			Members:  []casefile.AidMember{{First: "ต้นกล้า", Birth: "2019", Relation: "CHILD", School: "IN_SCHOOL"}},
			Need:     casefile.AidNeed{Problems: []casefile.Problem{casefile.IncomeLiving}, Wanted: []string{money}, Urgency: casefile.AidSoon},
			Consents: []casefile.AidConsent{{Purpose: casefile.ForAid, Given: true, Basis: "CONSENT"}}, Account: casefile.AidAccount{Bank: "006", Number: "0123456789", Name: "น้ำผึ้ง ก้ำเกื้อ"},
		},
		events: []casefile.AidEvent{
			{Kind: casefile.AidWasVisited, Private: casefile.AidPrivate{Text: "พบที่บ้าน", Logbook: &again}}, {Kind: casefile.AidAgreed},
		},
		input: AidPaperInput{Opinion: "เห็นควร", Signer: paper.Signer{Name: "ก", Position: "ข"}},
	}
}

// drawn is a paper as it would be issued.
func drawn(t *testing.T, w aidWriter, k paper.Kind) (paper.Paper, error) {
	t.Helper()
	p, err := w.write(k)
	if err != nil {
		return p, err
	}
	p.Number, p.Year, p.At, p.Secrecy, p.Digits, p.Office = 1, 2569, w.now, paper.Secret, paper.ThaiDigits, paper.Office{Name: "สำนักงาน"}
	_, err = p.PDF()
	return p, err
}

// Whom a paper is about, what was found and how much was granted come from the record alone.
func TestAidPapersAreWrittenFromTheRecord(t *testing.T) {
	w := toldOf(t)
	for _, k := range aidPaperKinds {
		if _, err := drawn(t, w, k); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
	p, _ := drawn(t, w, paper.AidRequestPaper)
	if x := p.AidRequest; x.Person.Name != "น้ำผึ้ง ก้ำเกื้อ" || *x.Person.Age != 34 || x.Person.Sex != "หญิง" || x.Household[0].Relation != "บุตร" || !x.Urgent ||
		x.Consents[0].Basis != "ความยินยอมของเจ้าของข้อมูล" || strings.Contains(x.Account, "0123456789") || !strings.Contains(x.Account, "6789") {
		t.Errorf("the request says %+v", x)
	}
	p, _ = drawn(t, w, paper.AidFactsPaper)
	if x := p.AidFacts; x.Found != "พบที่บ้าน" || len(x.Dimensions) != len(casefile.Dimensions) || *x.Dimensions[0].Before >= *x.Dimensions[0].Score || x.Dimensions[1].Score != nil ||
		x.Rules[0].Result != "เจ้าหน้าที่ตรวจแล้ว" {
		t.Errorf("the facts say %+v", x)
	}
	p, _ = drawn(t, w, paper.AidDecisionPaper)
	if x := p.AidDecision; x.Refused || len(x.Items) != 1 || x.Items[0].Satang != 3000_00 || x.Items[0].Name == w.request.Wanted[0] {
		t.Errorf("the decision says %+v", x)
	}
	w.input.Item = 2 // it was dropped
	if _, err := drawn(t, w, paper.AidReceiptPaper); err == nil {
		t.Error("there is a receipt for what nobody got")
	}
}

// A decision is on paper once there is one, and once an officer vouches for the time in which it can be contested.
func TestADecisionNeedsADecisionAndAnOfficersWord(t *testing.T) {
	field := func(w aidWriter) string {
		_, err := drawn(t, w, paper.AidDecisionPaper)
		var invalid *casefile.InvalidError
		if errors.As(err, &invalid) {
			return invalid.Field
		}
		return ""
	}
	for _, s := range casefile.AidStates {
		w := toldOf(t)
		w.request.State = s
		if s == casefile.AidVisited || s == casefile.AidPlanned || s == casefile.AidScreened { // decided anew: the first decision is none any more
			if got := field(w); got != "decided_at" {
				t.Errorf("%s: said %q", s, got)
			}
		}
	}
	w := toldOf(t)
	w.confirmed = nil
	if got := field(w); got != "decided_at" {
		t.Errorf("with nobody's word: said %q", got)
	}
	w = toldOf(t)
	w.request.State, w.request.Items = casefile.AidRejected, nil
	w.events = append(w.events, casefile.AidEvent{Kind: casefile.AidRefused, Reason: "OVER_LIMIT"})
	w.request.Found = []casefile.AidFinding{
		{Kind: casefile.FoundOverLimit, Code: w.request.Wanted[0], Rule: "NO_SUCH_RULE", Blocks: true}, {Kind: casefile.FoundEligible, Code: w.request.Wanted[0], Rule: "OTHER"},
	}
	p, err := drawn(t, w, paper.AidDecisionPaper)
	if x := p.AidDecision; err != nil || !x.Refused || x.Reason != "เกินวงเงินหรือจำนวนครั้งตามหลักเกณฑ์" || len(x.Rules) != 1 {
		t.Errorf("the refusal says %+v, %v", x, err)
	}
}

// A refusal tells the person of no amount and no limit for which nobody vouches.
func TestARefusalRestsOnConfirmedRules(t *testing.T) {
	w := toldOf(t)
	w.request.State, w.request.Items = casefile.AidRejected, nil
	w.events = append(w.events, casefile.AidEvent{Kind: casefile.AidRefused, Reason: "OVER_LIMIT"})
	w.request.Found = []casefile.AidFinding{{Kind: casefile.FoundOverLimit, Code: w.request.Wanted[0], Rule: "LIMIT", Blocks: true}}
	if _, err := drawn(t, w, paper.AidDecisionPaper); err != nil {
		t.Fatal(err)
	}
	w.confirmed = slices.DeleteFunc(w.confirmed, func(c policy.AidConfirmed) bool { return c.Code == w.request.Wanted[0] })
	if _, err := drawn(t, w, paper.AidDecisionPaper); err == nil {
		t.Error("the person is told of a limit that no officer has confirmed")
	}
}

// A receipt is for what was received, and names the account to which the money went.
func TestAReceiptIsForWhatWasReceived(t *testing.T) {
	w := toldOf(t)
	w.payee = casefile.AidAccount{Bank: "030", Number: "9998887776", Name: "น้ำผึ้ง ก้ำเกื้อ"}
	w.request.Items = []casefile.AidItem{
		{ID: 1, Code: w.request.Wanted[0], Satang: 3000_00, State: casefile.ItemPaid, SettleAt: w.now}, {ID: 2, Code: w.request.Wanted[0], Satang: 2000_00, State: casefile.ItemFailed},
	}
	if _, err := drawn(t, w, paper.AidReceiptPaper); err == nil {
		t.Error("one receipt says that what failed was received, too")
	}
	w.input.Item = 1
	p, err := drawn(t, w, paper.AidReceiptPaper)
	if err != nil || len(p.AidReceipt.Items) != 1 || p.AidReceipt.Items[0].Satang != 3000_00 || !strings.Contains(p.AidReceipt.How, "7776") {
		t.Errorf("%+v, %v", p.AidReceipt, err)
	}
}
