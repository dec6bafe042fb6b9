package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

// aidLife is one request and the chance that rules it.
type aidLife struct {
	*AidWorld
	n       int
	luck    *rand.Rand
	id      casefile.AidID
	begin   time.Time
	form    casefile.AidForm
	by      casefile.MemberID
	visitor casefile.MemberID
	twin    *aidLife // about the same household
	lacks   bool     // no income: the rules cannot say
	over    bool     // the officer plans more than may be granted
	alarm   bool     // it is an emergency
	slow    bool     // its officer
	tried   bool     // the planner tried to approve it
	asked   bool     // another office was asked
	paper   bool     // the decision is on paper
	sends   int
	orders  int
	when    map[string]time.Time // by where it stands: when somebody deals with it
	urged   map[string]bool
	renewed map[int]int // by item: after which try its account was put in again
	said    string      // why the last order was refused
}

func (l *aidLife) filer() casefile.Actor {
	return casefile.Actor{Kind: casefile.ByMember, ID: string(l.by)}
}

func (l *aidLife) live(ctx context.Context) {
	if l.Office.Until(ctx, l.begin) != nil || !l.file(ctx) {
		return
	}
	l.mu.Lock()
	l.lived.Aids = append(l.lived.Aids, l.id)
	if l.twin != nil {
		l.lived.Twins = append(l.lived.Twins, AidTwin{First: l.twin.id, Second: l.id})
	}
	l.mu.Unlock()
	for {
		a, err := l.Office.Store.Aid(ctx, l.id)
		if err == nil && a.State.Ended() {
			return
		}
		wait := l.now().Add(12 * time.Hour)
		if err == nil && a.State != casefile.AidDraft {
			wait = l.tend(ctx, a)
		}
		if least := l.now().Add(time.Duration(0.25 * l.Input.Speed * float64(time.Second))); wait.Before(least) {
			wait = least // the record is not asked without a pause
		}
		if l.Office.Until(ctx, wait) != nil {
			return
		}
	}
}

// file fills the form in, part by part, and sends it; on a bad line the phone says again what it got no answer to.
func (l *aidLife) file(ctx context.Context) bool {
	as := postgres.As(ctx, postgres.Viewer{Actor: l.filer(), Purpose: postgres.ProtectionFollowUp})
	if l.sends == 0 && !l.until(ctx, func() error { return l.Office.Store.BeginAid(as, l.id, l.filer(), l.now()) }) {
		return false
	}
	for part, doc := range l.form.Parts() {
		raw, err := json.Marshal(doc)
		if err != nil {
			return false
		}
		saved := 0
		save := func() error {
			_, err := l.Office.Store.SavePart(as, l.id, part, raw, saved)
			return err
		}
		if l.sends > 0 {
			if part != casefile.PartNeed {
				continue
			}
			saved = 1
		}
		if !l.until(ctx, save) || l.badLine() && !l.until(ctx, save) {
			return false
		}
	}
	l.sends++
	n, key := 0, fmt.Sprintf("phone-%d-%d", l.n, l.sends)
	send := func() (err error) {
		again, err := l.Office.Store.SendAid(as, l.id, l.filer(), key)
		if err == nil && n != 0 && again != n {
			return fmt.Errorf("sent once, heard as %d and %d", n, again)
		}
		n = again
		return err
	}
	return l.until(ctx, send) && (!l.badLine() || l.until(ctx, send)) && l.until(ctx, func() error { return l.Office.NudgeAid(ctx, l.id, n) })
}

// badLine reports whether an answer was lost.
func (l *aidLife) badLine() bool {
	if l.luck.Float64() >= aidBadLine {
		return false
	}
	l.mu.Lock()
	l.lived.Lost++
	l.mu.Unlock()
	return true
}

// until does something until it works.
func (l *aidLife) until(ctx context.Context, do func() error) bool {
	for do() != nil {
		if ctx.Err() != nil {
			return false
		}
		l.mu.Lock()
		l.lived.Failed++
		l.mu.Unlock()
		if l.Office.Until(ctx, l.now().Add(time.Duration(l.Input.Speed*float64(time.Second)))) != nil {
			return false
		}
	}
	return true
}

// tend does what is to be done now and returns when to look again.
func (l *aidLife) tend(ctx context.Context, a casefile.AidRequest) time.Time {
	key := fmt.Sprint(a.State, len(a.Approvals), a.Visits, a.Monitors, a.Appeals, a.Form, len(a.Recused), a.VisitAt.Unix(), len(a.Clear), a.LastItem)
	at, planned := l.when[key]
	if !planned {
		at = l.plan(a)
		l.when[key] = at
	}
	now := l.now()
	if a.Calls >= 2 && !l.urged[key] { // the supervisor looks after it
		l.urged[key], at = true, now
	}
	if at.After(now) {
		return at
	}
	l.when[key] = now.Add(24 * time.Hour) // if it stays so
	l.act(ctx, a)
	return now
}

func (l *aidLife) hours(median float64) time.Duration {
	if l.slow {
		median *= 4
	}
	return time.Duration(lognormal(l.luck, median, 0.6) * float64(time.Hour))
}

// plan is when whoever owes the next step does it.
func (l *aidLife) plan(a casefile.AidRequest) time.Time {
	now := l.now()
	soon := 1.0
	if a.Urgency == casefile.AidSoon {
		soon = 0.3
	}
	switch a.State {
	case casefile.AidVisitSet:
		if a.VisitAt.After(now) {
			return a.VisitAt.Add(time.Duration(l.luck.IntN(90)) * time.Minute)
		}
		return now
	case casefile.AidReturned:
		if l.luck.Float64() < aidGivesUp {
			return now.Add(45 * 24 * time.Hour)
		}
		return now.Add(l.hours(30))
	case casefile.AidSubmitted:
		return l.working(now.Add(l.hours(6*soon)), l.luck)
	case casefile.AidPaid, casefile.AidDelivered:
		return l.working(now.Add(l.hours(24*12)), l.luck)
	case casefile.AidMonitored:
		return l.working(now.Add(l.hours(24*6)), l.luck)
	case casefile.AidRejected:
		if a.Appeals == 0 && l.luck.Float64() < aidAppeals {
			return now.Add(l.hours(60))
		}
		return now.Add(120 * 24 * time.Hour) // nobody appeals: the clock ends it
	case casefile.AidAppealed, casefile.AidReferred:
		return l.working(now.Add(l.hours(72)), l.luck)
	}
	return l.working(now.Add(l.hours(16*soon)), l.luck)
}

// officer works on the request; approver is the nth of those who decide.
func (l *aidLife) officer() string { return l.Officers[l.n%len(l.Officers)] }

func (l *aidLife) approver(n int) string { return l.Approvers[(l.n+n)%len(l.Approvers)] }

// act does the next step.
func (l *aidLife) act(ctx context.Context, a casefile.AidRequest) {
	reason := func(r string) map[string]any { return map[string]any{"reason": r} }
	officer := l.officer()
	switch a.State {
	case casefile.AidSubmitted:
		l.screen(ctx, a)
	case casefile.AidReturned:
		income := int64(200_000)
		l.form.Need.Income = &income
		l.file(ctx)
	case casefile.AidReferred:
		l.order(ctx, officer, "answer", map[string]any{"yes": false, "office": l.Other, "reason": "NOT_OUR_AREA"})
	case casefile.AidScreened:
		if l.clear(ctx, a) {
			l.order(ctx, officer, "schedule-visit", map[string]any{"member": l.visitor, "visit_at": l.visitAt(a)})
		}
	case casefile.AidVisitSet:
		if l.luck.Float64() < aidMissed && a.Visits == 0 {
			l.say(ctx, casefile.AidOrder{Kind: casefile.AidVisitMissed, Reason: "NOBODY_HOME"})
			return
		}
		if a.VisitAt.IsZero() { // nobody was there: another day
			l.order(ctx, officer, "schedule-visit", map[string]any{"member": l.visitor, "visit_at": l.visitAt(a)})
			return
		}
		l.say(ctx, casefile.AidOrder{Kind: casefile.AidWasVisited})
	case casefile.AidVisited:
		if l.clear(ctx, a) {
			l.propose(ctx, a)
		}
	case casefile.AidPlanned:
		l.decide(ctx, a)
	case casefile.AidApproved:
		l.settle(ctx, a)
	case casefile.AidRejected:
		l.say(ctx, casefile.AidOrder{Kind: casefile.AidContested, Reason: "FACTS_WRONG"})
	case casefile.AidAppealed:
		for n := range l.Approvers {
			if l.order(ctx, l.approver(n), "hear-appeal", map[string]any{"yes": l.luck.Float64() < aidHeardYes}) {
				return
			}
		}
	case casefile.AidPaid, casefile.AidDelivered:
		l.order(ctx, officer, "monitor", map[string]any{})
	case casefile.AidMonitored:
		l.order(ctx, officer, "evaluate", map[string]any{"outcome": anyOf(l.luck, []string{"IMPROVED", "IMPROVED", "IMPROVED", "SAME", "MOVED"})})
	case casefile.AidEvaluated:
		l.order(ctx, l.approver(0), "close", map[string]any{})
	default:
		l.order(ctx, officer, "withdraw", reason("NOT_WANTED"))
	}
}

// visitAt is a time at which an office goes: a visit that would be too late is refused by the policy.
func (l *aidLife) visitAt(a casefile.AidRequest) time.Time {
	most := 60 * time.Hour
	if a.Urgency == casefile.AidSoon {
		most = 12 * time.Hour
	}
	return l.working(l.now().Add(2*time.Hour+time.Duration(l.luck.Float64()*float64(most))), l.luck)
}

// screen looks at a new request: whether it is an emergency, whole, and this office's.
func (l *aidLife) screen(ctx context.Context, a casefile.AidRequest) {
	x := l.luck.Float64()
	switch {
	case l.alarm:
		l.order(ctx, l.officer(), "urgent", map[string]any{"text": "ต้องช่วยทันที (สมมติ)"})
	case l.lacks && a.Form == 1:
		l.order(ctx, l.officer(), "return", map[string]any{"reason": "INCOMPLETE", "text": "โปรดระบุรายได้ของครัวเรือน"})
	case x < aidElsewhere && !l.asked:
		l.asked = true
		l.order(ctx, l.officer(), "refer", map[string]any{"office": l.Other, "reason": "NOT_OUR_AREA"})
	default:
		l.order(ctx, l.officer(), "screen", map[string]any{})
	}
}

// clear looks at what was found. A duplicate is refused as one, or is about another need; what a form does not say, the
// visit has shown. It reports whether the request goes on.
func (l *aidLife) clear(ctx context.Context, a casefile.AidRequest) bool {
	for _, f := range a.Blocking() {
		switch f.Kind {
		case casefile.FoundDuplicate:
			if l.luck.Float64() < 0.6 {
				return !l.order(ctx, l.approver(0), "reject", map[string]any{"reason": "DUPLICATE"})
			}
			l.order(ctx, l.approver(0), "clear", map[string]any{"finding": finding(f), "reason": "ANOTHER_NEED"})
		case casefile.FoundUnknown:
			if a.State == casefile.AidVisited {
				l.order(ctx, l.officer(), "clear", map[string]any{"finding": finding(f), "reason": "RULE_MET"})
			}
		}
	}
	return true
}

func finding(f casefile.AidFinding) map[string]any {
	m := map[string]any{"kind": f.Kind}
	if f.Code != "" {
		m["code"] = f.Code
	}
	if f.Rule != "" {
		m["rule"] = f.Rule
	}
	if f.Other != "" {
		m["other"] = f.Other
	}
	return m
}

// propose plans what may be granted, or, over a limit, what may not.
func (l *aidLife) propose(ctx context.Context, a casefile.AidRequest) {
	var items []map[string]any
	for _, k := range l.Kinds {
		if !slices.Contains(a.Wanted, k.Code) {
			continue
		}
		satang := int64(k.Max)
		if satang == 0 {
			satang = 200_000
		}
		if l.over {
			satang *= 3
		}
		items = append(items, map[string]any{"code": k.Code, "satang": satang})
	}
	if l.order(ctx, l.officer(), "plan", map[string]any{"items": items}) || l.said == "" {
		return
	}
	over := strings.Contains(l.said, overLimitWords)
	if over {
		l.mu.Lock()
		l.lived.Over++
		l.mu.Unlock()
	}
	switch {
	case l.over: // as much as may be granted, then
		l.over = false
		l.propose(ctx, a)
	case over:
		l.order(ctx, l.approver(0), "reject", map[string]any{"reason": "OVER_LIMIT"})
	default:
		l.order(ctx, l.approver(0), "reject", map[string]any{"reason": "NOT_ELIGIBLE"})
	}
}

// overLimitWords stand in every refusal of a plan that is above a limit.
const overLimitWords = "เกินวงเงิน"

// decide is what approvers do with a plan.
func (l *aidLife) decide(ctx context.Context, a casefile.AidRequest) {
	for _, f := range a.Blocking() {
		switch f.Kind {
		case casefile.FoundOverLimit:
			l.order(ctx, l.approver(0), "reject", map[string]any{"reason": "OVER_LIMIT"})
			return
		case casefile.FoundNotEligible:
			l.order(ctx, l.approver(0), "reject", map[string]any{"reason": "NOT_ELIGIBLE"})
			return
		case casefile.FoundDuplicate, casefile.FoundUnknown:
			if !l.clear(ctx, a) {
				return
			}
		}
	}
	if !l.tried && l.luck.Float64() < aidOwnEyes {
		l.tried = true
		if l.order(ctx, l.officer(), "approve", map[string]any{}) {
			l.note("a planner approved the own plan")
		}
		l.mu.Lock()
		l.lived.Eyes++
		l.mu.Unlock()
	}
	x := l.luck.Float64()
	switch {
	case x < aidRecused && len(a.Recused) == 0:
		l.order(ctx, l.approver(len(a.Approvals)), "recuse", map[string]any{"reason": "RELATIVE"})
	case x < aidRecused+aidNoNeed && a.Appeals == 0:
		l.order(ctx, l.approver(len(a.Recused)), "reject", map[string]any{"reason": "NO_NEED_FOUND"})
	default:
		l.order(ctx, l.approver(len(a.Approvals)+len(a.Recused)), "approve", map[string]any{})
	}
}

func (l *aidLife) note(what string) {
	l.mu.Lock()
	l.lived.Refused[what]++
	l.mu.Unlock()
}

// settle hands over goods, and looks after money that did not arrive.
func (l *aidLife) settle(ctx context.Context, a casefile.AidRequest) {
	for _, i := range a.Items {
		switch {
		case i.Settled():
		case !l.paper: // without the decision on paper nothing is paid
			body := map[string]any{"signer": map[string]any{"name": "ผู้พิจารณาสมมติ", "position": "พมจ."}}
			path := "/v1/aid-requests/" + string(l.id) + "/papers/decision?purpose=protection_followup"
			if err := l.Office.Must(ctx, l.approver(0), http.MethodPost, path, fmt.Sprintf("decision-%d", l.n), body, nil); err != nil {
				l.note("paper: " + err.Error())
				return
			}
			l.paper = true
			l.when = map[string]time.Time{} // goods can go at once
		case i.Goods:
			files, err := l.Office.Pictures(ctx, l.officer(), l.id)
			if err == nil {
				l.order(ctx, l.officer(), "deliver", map[string]any{"item": i.ID, "files": files})
			}
		case i.State == casefile.ItemFailed:
			if l.renewed[i.ID] == i.Tries {
				continue
			}
			l.renewed[i.ID] = i.Tries
			account := casefile.AidAccount{Bank: "006", Number: fmt.Sprintf("%010d", 2_000_000+l.n*10+i.Tries), Name: l.form.Subject.First + " " + l.form.Subject.Last}
			for n := range 2 { // two officers who did not plan it, one after the other
				if err := l.Office.PutPayee(ctx, l.Officers[(l.n+1+n)%len(l.Officers)], l.id, account); err != nil {
					l.renewed[i.ID] = 0
					l.note("payee: " + err.Error())
				}
			}
		}
	}
}

// say is a button on the visitor's or the filer's phone.
func (l *aidLife) say(ctx context.Context, o casefile.AidOrder) {
	l.orders++
	o.ID, o.By = fmt.Sprintf("phone-%d-%d", l.n, 100+l.orders), casefile.Actor{Kind: casefile.ByMember, ID: string(l.visitor)}
	if o.Kind == casefile.AidContested {
		o.By = l.filer()
	}
	n := 0
	if l.until(ctx, func() (err error) { n, err = l.Office.Store.SayToAid(ctx, l.id, o); return err }) {
		l.until(ctx, func() error { return l.Office.NudgeAid(ctx, l.id, n) })
	}
}

// order gives an order at a console until there is a verdict; a repeat is recognised by its key.
func (l *aidLife) order(ctx context.Context, operator, kind string, body map[string]any) bool {
	l.orders++
	key := fmt.Sprintf("aid-%d-%d-%d", l.Input.Seed, l.n, l.orders)
	said := ""
	l.said = ""
	done := l.until(ctx, func() error {
		status, raw, err := l.Office.Ask(ctx, operator, http.MethodPost, "/v1/aid-requests/"+string(l.id)+"/orders/"+kind, key, body)
		switch {
		case err != nil:
			return err
		case status == http.StatusOK:
			return nil
		case status >= 500 || status == http.StatusTooManyRequests:
			return errors.New("no verdict")
		}
		var problem struct{ Code, Detail string }
		if json.Unmarshal(raw, &problem) != nil || problem.Code == "" {
			problem.Code = strconv.Itoa(status)
		}
		said, l.said = problem.Code, problem.Code+" "+problem.Detail
		return nil
	})
	if said != "" {
		l.note(kind + ": " + said)
	}
	if done {
		l.mu.Lock()
		l.lived.Orders++
		l.mu.Unlock()
	}
	return done && said == ""
}
