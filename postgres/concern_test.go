package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

func talking(t *testing.T) *fixture {
	f := setup(t)
	f.Tasks, f.TalkWait = policy.Tasks(), 30*time.Minute
	return f
}

func pressed(action casefile.Action, reason, option string) casefile.Incoming {
	return casefile.Incoming{Word: casefile.Pressed, Action: action, Reason: reason, Option: option}
}

// says takes words of somebody in, one after the other, and returns what became of the last.
func (f *fixture) says(user string, words ...casefile.Incoming) postgres.Routed {
	f.t.Helper()
	var r postgres.Routed
	for _, w := range words {
		r = f.intake(f.line(user, w))[0]
	}
	return r
}

// pointed is a concern that somebody has pointed out, with a link and the canaries in its words.
func (f *fixture) pointed(user string, kind casefile.ConcernKind) casefile.ConcernID {
	f.t.Helper()
	return f.pointedAt(began, user, kind)
}

func (f *fixture) pointedAt(at time.Time, user string, kind casefile.ConcernKind) casefile.ConcernID {
	f.t.Helper()
	press := pressed(casefile.ActConcern, string(kind), "")
	press.At = at
	r := f.says(user, press,
		casefile.Incoming{Word: casefile.SentLocation, At: at, Pin: pin(16.823456, 100.267891)},
		casefile.Incoming{Word: casefile.Said, At: at, Text: canaries["text"] + " https://canary.example/1", MessageID: "77"})
	if r.Talk.Say != "concern_thanks" || r.Concern == "" || r.ConcernN != 2 || r.Case != "" || r.Door != casefile.Neither {
		f.t.Fatalf("pointed out: %+v", r)
	}
	return r.Concern
}

// begun records the first events of a concern as its process would.
func (f *fixture) begun(id casefile.ConcernID) casefile.Concern {
	f.t.Helper()
	c, err := f.Concern(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	by := casefile.Actor{Kind: casefile.ByReporter}
	return f.happensTo(c,
		casefile.ConcernEvent{Kind: casefile.ConcernBegun, By: by, About: c.Kind, DueAt: began.Add(time.Hour), Inbox: 1},
		casefile.ConcernEvent{Kind: casefile.ConcernAdded, By: by, Inbox: 2, Private: casefile.ConcernPrivate{Text: canaries["text"], Link: "https://canary.example/1", Pin: pin(16.823456, 100.267891)}},
		casefile.ConcernEvent{Kind: casefile.ConcernAdded, By: by, Private: casefile.ConcernPrivate{Media: canaries["media"], MediaKind: "image"}},
		casefile.ConcernEvent{Kind: casefile.ConcernPlaced, By: casefile.System, Place: &casefile.Place{Province: "65"}},
		casefile.ConcernEvent{Kind: casefile.ConcernSent, By: by},
		casefile.ConcernEvent{Kind: casefile.ConcernAsked, By: casefile.System, Step: 1, Asked: []casefile.MemberID{"m1"}})
}

func (f *fixture) happensTo(c casefile.Concern, events ...casefile.ConcernEvent) casefile.Concern {
	f.t.Helper()
	after, list := f.wouldHappen(c, events...)
	if err := f.AppendConcern(f.t.Context(), after, list); err != nil {
		f.t.Fatal(err)
	}
	return after
}

func (f *fixture) wouldHappen(c casefile.Concern, events ...casefile.ConcernEvent) (casefile.Concern, []casefile.ConcernEvent) {
	f.t.Helper()
	for i := range events {
		e := &events[i]
		e.ID, e.Seq, e.At = casefile.EventID(fmt.Sprintf("%s/%d/%s", c.ID, c.Version+1, e.Kind)), c.Version+1, began
		var err error
		if c, err = c.Apply(*e); err != nil {
			f.t.Fatal(err)
		}
	}
	return c, events
}

// Who pointed something out, what they said and where it is rest nowhere in clear, and no ID and no instant in clear
// leads from the concern to the thread.
func TestAConcernLeadsToNobody(t *testing.T) {
	f := talking(t)
	id := f.pointedAt(began.Add(7*time.Minute+3*time.Second), canaries["LINE user"], casefile.AboutOnline)
	f.begun(id)
	dump := string(f.dump())
	for _, secret := range []string{"canary.example", canaries["text"], canaries["media"], "16.823456", canaries["LINE user"]} {
		if strings.Contains(dump, secret) || strings.Contains(dump, fmt.Sprintf("%x", secret)) {
			t.Errorf("%q rests in clear", secret)
		}
	}
	if n := f.mustSQL(`SELECT count(*) FROM inbox WHERE case_id IS NULL AND (reporter_id IS NOT NULL OR raw_sealed IS NOT NULL) AND word <> 'PRESSED'`); n != "0" {
		t.Errorf("%s words of a concern stand beside who said them", n)
	}
	instants := `(SELECT at AS instant FROM concern_inbox UNION ALL SELECT begun_at FROM concerns UNION ALL SELECT due_at FROM concerns) c`
	if n := f.mustSQL(`SELECT count(*) FROM ` + instants + ` JOIN threads t ON t.last_at = c.instant`); n != "0" {
		t.Errorf("%s instants of the concern are those of the thread", n)
	}
	if n := f.mustSQL(`SELECT count(*) FROM inbox i JOIN threads t ON t.last_at = i.received_at WHERE i.reporter_id IS NULL`); n != "0" {
		t.Errorf("%s words without a name have the instant of the thread", n)
	}
	reporter := string(f.Reporter(casefile.ChannelLINE, canaries["LINE user"]))
	event := f.mustSQL(`SELECT string_agg(event_id, ' ') FROM inbox`)
	for _, table := range []string{"concerns", "concern_events", "concern_inbox", "concern_pointers", "concern_evidence", "talks", "audit"} {
		rows := f.mustSQL(`SELECT coalesce(string_agg(t::text, ' '), '') FROM ` + table + ` t`)
		for _, lead := range append(strings.Fields(event), reporter) {
			if strings.Contains(rows, lead) {
				t.Errorf("%s leads to the pointer by %q", table, lead)
			}
		}
	}
	c, err := f.PointerContact(t.Context(), id)
	if err != nil || c.LINE != canaries["LINE user"] {
		t.Errorf("the pointer cannot be told: %+v, %v", c, err)
	}
}

func TestAConcernIsRecordedOnceAndByOneWriter(t *testing.T) {
	f := talking(t)
	c := f.begun(f.pointed("U1", casefile.AboutOnline))
	taken := casefile.ConcernEvent{Kind: casefile.ConcernTakenUp, By: casefile.Actor{Kind: casefile.ByMember, ID: "m1"}, DueAt: began.Add(time.Hour)}
	after, list := f.wouldHappen(c, taken)
	for range 2 { // a repeat is the same
		if err := f.AppendConcern(t.Context(), after, list); err != nil {
			t.Fatal(err)
		}
	}
	other, lists := f.wouldHappen(c, casefile.ConcernEvent{Kind: casefile.ConcernDeclined, By: casefile.Actor{Kind: casefile.ByMember, ID: "m1"}, Reason: "CONFLICT"})
	if err := f.AppendConcern(t.Context(), other, lists); !errors.Is(err, casefile.ErrMoved) {
		t.Errorf("a second writer: %v", err)
	}
	got, err := f.Concern(t.Context(), c.ID)
	if err != nil || got.State != casefile.ConcernTaken || got.Version != after.Version {
		t.Errorf("%+v, %v", got, err)
	}
	if n := f.mustSQL(`SELECT count(*) FROM audit WHERE action = 'CONCERN_TAKEN_UP'`); n != "1" {
		t.Errorf("%s audit rows", n)
	}
	for _, change := range []string{`UPDATE concern_events SET kind = 'CLOSED'`, `DELETE FROM concern_events`} {
		if _, err := f.sql(change); err == nil {
			t.Errorf("%s was allowed", change)
		}
	}
	words, err := f.ConcernInbox(t.Context(), c.ID, 0, 10)
	if err != nil || len(words) != 2 || words[1].In.Option != casefile.MarkWhat || words[1].In.By != (casefile.Actor{Kind: casefile.ByReporter}) {
		t.Errorf("inbox: %+v, %v", words, err)
	}
}

func TestEvidenceIsSealedWithHashAndTime(t *testing.T) {
	f := talking(t)
	c := f.begun(f.pointed("U1", casefile.AboutOnline))
	pending, err := f.PendingEvidence(t.Context(), c.ID)
	if err != nil || len(pending) != 1 || pending[0].MessageID != canaries["media"] {
		t.Fatalf("%+v, %v", pending, err)
	}
	for _, content := range []string{"first", "a repeat changes nothing"} {
		if err := f.KeepEvidence(t.Context(), c.ID, pending[0].Seq, activities.Kept{State: activities.MediaKept, ContentType: "image/jpeg", Content: []byte(content)}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := f.EvidenceOf(t.Context(), c.ID)
	if err != nil || len(all) != 2 || all[0].Kind != "link" || len(all[0].SHA256) != 32 || all[1].State != activities.MediaKept || all[1].Bytes != 5 {
		t.Fatalf("%+v, %v", all, err)
	}
	content, kind, _, err := f.EvidenceContent(t.Context(), c.ID, all[0].Seq)
	if err != nil || kind != "link" || string(content) != "https://canary.example/1" {
		t.Errorf("%q, %s, %v", content, kind, err)
	}
	if content, _, _, err = f.EvidenceContent(t.Context(), c.ID, all[1].Seq); err != nil || string(content) != "first" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestADangerOpensAnEmergencyInTheSameTransaction(t *testing.T) {
	f := talking(t)
	id := f.pointed("U1", casefile.AboutViolence)
	f.says("U1", casefile.Incoming{Word: casefile.SentMedia, MessageID: "88", MediaKind: "image"})
	r := f.says("U1", pressed(casefile.ActConcern, casefile.TalkUrgent, ""))
	if r.Door != casefile.Opens || r.Case == "" || r.N != 2 || r.Concern != id {
		t.Fatalf("%+v", r)
	}
	rows, err := f.Inbox(t.Context(), r.Case, 0, 10)
	if err != nil || len(rows) != 2 || rows[0].In.Pin == nil || !strings.Contains(rows[0].In.Text, canaries["text"]) || rows[1].In.MessageID != "88" {
		t.Errorf("the case hears %+v, %v", rows, err)
	}
	words, err := f.ConcernInbox(t.Context(), id, 0, 10)
	if err != nil || words[len(words)-1].In.Action != casefile.ActConcernUrgent || words[len(words)-1].In.Case != r.Case {
		t.Errorf("the concern hears %+v, %v", words, err)
	}
	again := f.says("U1", pressed(casefile.ActConcern, casefile.TalkUrgent, ""))
	if again.Talk.Say != "concern_later" || again.Case != "" {
		t.Errorf("a second press: %+v", again)
	}
	if r := f.says("U1", casefile.Incoming{Word: casefile.Said, Text: "ยังอยู่"}); r.Door != casefile.Joins {
		t.Errorf("what is said now belongs to the emergency: %+v", r)
	}

	// A distress word in the middle of it does the same.
	f.says("U2", pressed(casefile.ActConcern, string(casefile.AboutDrugs), ""), casefile.Incoming{Word: casefile.SentLocation, Pin: pin(16.8, 100.2)})
	if r = f.says("U2", casefile.Incoming{Word: casefile.Said, Text: "ช่วยด้วย"}); r.Door != casefile.Opens {
		t.Fatalf("%+v", r)
	}
	if rows, err = f.Inbox(t.Context(), r.Case, 0, 10); err != nil || rows[0].In.Pin == nil || rows[0].In.Type != casefile.ThreatAssault {
		t.Errorf("the case hears %+v, %v", rows, err)
	}
}

func TestWhoeverIsInCareIsHeardInATalk(t *testing.T) {
	f := talking(t)
	first := f.says("U1", tap(casefile.Confinement))
	f.mustSQL(`UPDATE cases SET state = 'FOLLOW_UP'`)
	f.says("U1", pressed(casefile.ActConcern, string(casefile.AboutDrugs), ""), casefile.Incoming{Word: casefile.SentLocation, Pin: pin(16.8, 100.2)})
	r := f.says("U1", casefile.Incoming{Word: casefile.Said, Text: "ช่วยด้วย"})
	if r.Door != casefile.Opens || r.Case == first.Case || r.Concern == "" {
		t.Fatalf("a cry for help in a talk: %+v", r)
	}
	rows, err := f.Inbox(t.Context(), r.Case, 0, 10)
	if err != nil || len(rows) != 1 || rows[0].In.Type != casefile.ThreatAssault || rows[0].In.Pin == nil || rows[0].In.Text != "ช่วยด้วย" {
		t.Errorf("the new case hears %+v, %v", rows, err)
	}
}

func TestTheButtonOfDangerWorksWhenTheTalkIsOver(t *testing.T) {
	f := talking(t)
	f.pointed("U1", casefile.AboutDrugs)
	late := f.line("U1", pressed(casefile.ActConcern, casefile.TalkUrgent, ""))
	late.At = late.At.Add(time.Hour)
	r := f.intake(late)[0]
	if r.Door != casefile.Opens || r.Case == "" || r.Talk.Say != "" {
		t.Fatalf("an hour later: %+v", r)
	}
	if rows, err := f.Inbox(t.Context(), r.Case, 0, 10); err != nil || len(rows) != 1 || rows[0].In.Word != casefile.Tapped || rows[0].In.Type != casefile.ThreatAssault {
		t.Errorf("the case hears %+v, %v", rows, err)
	}
}

// A responder who pointed something out and is then sent to a case is seen on the way.
func TestATalkSwallowsNoPositionOfAResponder(t *testing.T) {
	f := talking(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	m := officer("m1", "st", 16.8, 100.2)
	m.LINE = "Um1"
	f.members(m)
	f.pointed("Um1", casefile.AboutDrugs)
	where := func() string {
		return f.mustSQL(`SELECT coalesce((SELECT lat || ' ' || lon FROM members WHERE id = 'm1'), '')`)
	}
	if r := f.says("Um1", casefile.Incoming{Word: casefile.SentLocation, At: began.Add(time.Minute), Pin: pin(16.9, 100.3)}); r.Concern != "" || where() != "16.9 100.3" {
		t.Errorf("after what was seen: %+v, at %q", r, where())
	}
	theirs := f.says("U2", tap(casefile.Confinement))
	f.says("Um1", pressed(casefile.ActConcern, string(casefile.AboutDrugs), ""))
	if r := f.says("Um1", casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActAccept, Case: theirs.Case, Offer: 1}); r.Door != casefile.Answers {
		t.Fatalf("accepted: %+v", r)
	}
	if r := f.says("Um1", casefile.Incoming{Word: casefile.SentLocation, At: began.Add(2 * time.Minute), Pin: pin(16.7, 100.1)}); r.Concern != "" || where() != "16.7 100.1" {
		t.Errorf("on the way: %+v, at %q", r, where())
	}
}

func TestAConversationEndsAndSwallowsNothing(t *testing.T) {
	f := talking(t)
	f.pointed("U1", casefile.AboutDrugs)
	if r := f.says("U1", pressed(casefile.ActMenu, "", ""), casefile.Incoming{Word: casefile.Said, Text: "สวัสดี"}); r.Talk.Say != "" || r.Concern != "" {
		t.Errorf("after another button: %+v", r)
	}
	f.pointed("U2", casefile.AboutDrugs)
	late := f.line("U2", casefile.Incoming{Word: casefile.Said, Text: "สวัสดี"})
	late.At = late.At.Add(time.Hour)
	if r := f.intake(late)[0]; r.Talk.Say != "" || r.Concern != "" {
		t.Errorf("after its time: %+v", r)
	}
	first := f.line("U3", pressed(casefile.ActConcern, string(casefile.AboutDrugs), ""))
	pinned := f.line("U3", casefile.Incoming{Word: casefile.SentLocation, Pin: pin(16.8, 100.2)})
	f.intake(first, pinned)
	if r := f.intake(pinned)[0]; !r.Duplicate {
		t.Errorf("a repeat: %+v", r)
	}
	if n := f.mustSQL(`SELECT count(*) FROM concerns`); n != "3" {
		t.Errorf("%s concerns", n)
	}
}

func TestAButtonOfAConcernIsForThoseWhoWereAsked(t *testing.T) {
	f := talking(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	asked, other := officer("m1", "st", 16.8, 100.2), officer("m2", "st", 16.8, 100.2)
	asked.LINE, other.LINE = "Um1", "Um2"
	f.members(asked, other)
	c := f.begun(f.pointed("U1", casefile.AboutDrugs))
	press := casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActConcernTake, Concern: c.ID}
	for user, want := range map[string]casefile.ConcernID{"Um1": c.ID, "Um2": "", "Ustranger": ""} {
		if r := f.says(user, press); r.Concern != want {
			t.Errorf("%s: %+v", user, r)
		}
	}
	why := f.says("Um1", casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActConcernDecline, Concern: c.ID})
	if why.Talk.Say != "concern_why" || why.ConcernN != 0 {
		t.Errorf("%+v", why)
	}
}

func TestATaskIsCountedOnceAndOfferedAgainInItsTime(t *testing.T) {
	f := talking(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	m := officer("m1", "st", 16.8, 100.2)
	m.LINE, m.Group, m.Class, m.Role = "Um1", casefile.CyberScout, casefile.Junior, ""
	f.members(m)
	offered := func(at time.Time) string {
		a := f.line("Um1", pressed(casefile.ActTasks, "", ""))
		a.At = at
		var codes []string
		for _, task := range f.intake(a)[0].Talk.Tasks {
			codes = append(codes, task.Code)
		}
		return strings.Join(codes, " ")
	}
	if got := offered(began); got != "ONLINE_POINT ONLINE_LESSON" {
		t.Fatalf("offered %q", got)
	}
	done := f.line("Um1", pressed(casefile.ActTask, "ONLINE_LESSON", "TOLD"))
	for range 2 {
		f.intake(done)
	}
	if got := offered(began.Add(time.Hour)); got != "ONLINE_POINT" {
		t.Errorf("offered %q", got)
	}
	if got := offered(began.Add(8 * 24 * time.Hour)); got != "ONLINE_POINT ONLINE_LESSON" {
		t.Errorf("offered a week later %q", got)
	}
	tasks, members, err := f.UnitTasks(t.Context(), "st", began.Add(-time.Hour), began.Add(time.Hour))
	if err != nil || len(tasks) != 1 || tasks[0].Reports != 1 || len(members) != 1 || members[0].Reports != 1 {
		t.Errorf("%+v %+v %v", tasks, members, err)
	}
}

// A task by which somebody pointed something out leads neither to the concern nor to its minute.
func TestATaskThatOpensAConcernIsCountedForNobody(t *testing.T) {
	f := talking(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	m := officer("m1", "st", 16.8, 100.2)
	m.LINE, m.Group, m.Class, m.Role = "Um1", casefile.CyberScout, casefile.Junior, ""
	f.members(m)
	at := began.Add(17 * time.Minute)
	words := []casefile.Incoming{pressed(casefile.ActTask, "ONLINE_POINT", ""), {Word: casefile.Said, Text: "https://canary.example"}, {Word: casefile.Said, Text: "seen"}}
	var r postgres.Routed
	for i := range words {
		words[i].At = at
		r = f.says("Um1", words[i])
	}
	if r.Concern == "" {
		t.Fatalf("%+v", r)
	}
	if got := f.mustSQL(`SELECT to_char(at AT TIME ZONE 'Asia/Bangkok', 'HH24:MI:SS') || ' ' || opened FROM task_reports`); got != "00:00:00 CONCERN" {
		t.Errorf("reported at %s", got)
	}
	if n := f.mustSQL(`SELECT count(*) FROM task_reports r JOIN inbox i ON strpos(r.event_id, i.event_id) > 0`); n != "0" {
		t.Error("the report leads to the word")
	}
	tasks, members, err := f.UnitTasks(t.Context(), "st", began.AddDate(0, 0, -7), began.AddDate(0, 0, 7))
	if err != nil || len(tasks) != 1 || tasks[0].Reports != 1 || len(members) != 0 {
		t.Errorf("%+v %+v %v", tasks, members, err)
	}
}

func TestASchoolIsLeftOutOfTheListAboutIt(t *testing.T) {
	f := talking(t)
	c := f.begun(f.pointed("U1", casefile.AboutSchool))
	by := casefile.Actor{Kind: casefile.ByReporter}
	c = f.happensTo(c, casefile.ConcernEvent{Kind: casefile.ConcernPlaced, By: casefile.System, Place: &casefile.Place{Province: "65"}, School: "school"})
	listed := func(blind casefile.UnitID) int {
		found, err := f.Concerns(t.Context(), postgres.ConcernFilter{Blind: blind, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if listed("school") != 0 || listed("other") != 1 || listed("") != 1 {
		t.Errorf("%d, %d, %d listed", listed("school"), listed("other"), listed(""))
	}
	f.happensTo(c, casefile.ConcernEvent{Kind: casefile.ConcernAdded, By: by, Reason: casefile.ReasonTellSchool})
	if listed("school") != 1 {
		t.Error("the pointer lets the school know, and it does not see it")
	}
}

func TestSmallCellsAreNotTold(t *testing.T) {
	f := talking(t)
	for i := range 12 {
		kind := casefile.AboutDrugs
		if i >= 10 {
			kind = casefile.AboutPregnancy
		}
		f.begun(f.pointed(fmt.Sprintf("U%d", i), kind))
	}
	cells, err := f.CountConcerns(t.Context(), began.AddDate(0, -1, 0), began.AddDate(0, 1, 0), 10)
	if err != nil || len(cells) != 1 || cells[0].Kind != casefile.AboutDrugs || cells[0].Concerns != 10 {
		t.Errorf("%+v, %v", cells, err)
	}
}

func TestAConcernThatNobodyServesIsFound(t *testing.T) {
	f := talking(t)
	waits := f.pointed("U1", casefile.AboutDrugs) // never heard
	served := f.begun(f.pointed("U2", casefile.AboutDrugs))
	if late, err := f.LateConcerns(t.Context(), began.Add(-time.Minute), 10); err != nil || len(late) != 0 {
		t.Errorf("at once: %+v, %v", late, err)
	}
	late, err := f.LateConcerns(t.Context(), began.Add(time.Minute), 10)
	if err != nil || len(late) != 1 || late[0].ID != waits || late[0].UpTo != 2 {
		t.Errorf("a minute later: %+v, %v", late, err)
	}
	if late, err = f.LateConcerns(t.Context(), began.Add(2*time.Hour), 10); err != nil || len(late) != 2 {
		t.Errorf("past the deadline of %s: %+v, %v", served.ID, late, err)
	}
}
