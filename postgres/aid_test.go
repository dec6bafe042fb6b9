package postgres_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

var aidFiler = casefile.Actor{Kind: casefile.ByMember, ID: "volunteer"}

// household is a form about somebody made up.
func household(number, first, last, address string) casefile.AidForm {
	return casefile.AidForm{
		Subject: casefile.AidSubject{First: first, Last: last, Number: number, NoNumber: number == "", Birth: "1950", Phone: "0899990001", SafeToCall: true},
		Home:    casefile.AidHome{Address: address, District: "6501", Province: "65", Tenure: "RENT"},
		Members: []casefile.AidMember{{First: "สมหญิง", Last: last, Birth: "2015-02-03", Relation: "CHILD", School: "IN_SCHOOL"}},
		Logbook: casefile.AidAnswers{Form: "household_logbook", Version: "1", Answers: map[string]any{}},
		Need: casefile.AidNeed{
			Problems: []casefile.Problem{casefile.IncomeLiving}, Urgency: casefile.AidNormal, Wanted: []string{"X"}, Story: canaries["text"],
		},
		Consents: []casefile.AidConsent{{Purpose: casefile.ForAid, Given: true, Basis: "CONSENT"}},
	}
}

// drafted is a draft with every part of a form.
func (f *fixture) drafted(form casefile.AidForm) casefile.AidID {
	f.t.Helper()
	id := casefile.AidID(uuid.NewString())
	if err := f.BeginAid(f.t.Context(), id, aidFiler, began); err != nil {
		f.t.Fatal(err)
	}
	for part, value := range map[casefile.AidPart]any{
		casefile.PartSubject: form.Subject, casefile.PartHome: form.Home, casefile.PartMembers: form.Members, casefile.PartLogbook: form.Logbook,
		casefile.PartNeed: form.Need, casefile.PartConsent: form.Consents,
	} {
		doc, err := json.Marshal(value)
		if err != nil {
			f.t.Fatal(err)
		}
		if n, err := f.SavePart(f.t.Context(), id, part, doc, 0); err != nil || n != 1 {
			f.t.Fatal(part, n, err)
		}
	}
	return id
}

// aided records events of a request as its process would.
func (f *fixture) aided(a casefile.AidRequest, limits []policy.AidLimit, events ...casefile.AidEvent) (casefile.AidRequest, error) {
	f.t.Helper()
	after, list := f.wouldAid(a, events...)
	return after, f.AppendAid(f.t.Context(), after, list, limits)
}

func (f *fixture) wouldAid(a casefile.AidRequest, events ...casefile.AidEvent) (casefile.AidRequest, []casefile.AidEvent) {
	f.t.Helper()
	for i := range events {
		e := &events[i]
		e.ID, e.Seq, e.At = casefile.EventID(fmt.Sprintf("%s/%d/%s", a.ID, a.Version+1, e.Kind)), a.Version+1, began
		if e.Kind != casefile.AidChecked {
			e.DueAt, e.CallAt = began.Add(48*time.Hour), began.Add(24*time.Hour)
		}
		var err error
		if a, err = a.Apply(*e); err != nil {
			f.t.Fatal(err)
		}
	}
	return a, events
}

// filed is a request that was sent and heard.
func (f *fixture) filed(form casefile.AidForm) casefile.AidRequest {
	f.t.Helper()
	id := f.drafted(form)
	n, err := f.SendAid(f.t.Context(), id, aidFiler, "key")
	if err != nil || n != 1 {
		f.t.Fatal(n, err)
	}
	words, err := f.AidInbox(f.t.Context(), id, 0, 10)
	if err != nil || len(words) != 1 || words[0].Order.Kind != casefile.AidSent || words[0].Order.Form != 1 {
		f.t.Fatal(words, err)
	}
	person, home, err := f.KeepSubject(f.t.Context(), id, aidFiler, form)
	if err != nil {
		f.t.Fatal(err)
	}
	a, err := f.Aid(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	a, err = f.aided(a, nil, casefile.AidEvent{
		Kind: casefile.AidSent, By: aidFiler, Form: 1, Place: &casefile.Place{Province: "65", District: "6501"}, Problems: form.Need.Problems,
		Urgency: form.Need.Urgency, Wanted: form.Need.Wanted, Subject: person, Home: home, Inbox: 1,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// planned is a request that waits for one word.
func (f *fixture) planned(form casefile.AidForm, satang int64) casefile.AidRequest {
	f.t.Helper()
	planner := casefile.Actor{Kind: casefile.ByOperator, ID: "planner"}
	a, err := f.aided(f.filed(form), nil, casefile.AidEvent{Kind: casefile.AidPassed, By: planner},
		casefile.AidEvent{Kind: casefile.AidPlanMade, By: planner, Yes: true, Needed: 1, Items: []casefile.AidItem{{Code: "X", Satang: satang}}})
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func TestADraftSurvivesABadLine(t *testing.T) {
	f := setup(t)
	form := household("", "สมชาย", "ทดสอบ", "1 หมู่ 2")
	id := f.drafted(form)
	ctx := t.Context()
	if err := f.BeginAid(ctx, id, aidFiler, began); err != nil {
		t.Error("a repeat:", err)
	}
	other := casefile.Actor{Kind: casefile.ByMember, ID: "other"}
	if err := f.BeginAid(ctx, id, other, began); !errors.Is(err, casefile.ErrNotFound) {
		t.Error("somebody else's draft:", err)
	}
	mine := postgres.As(ctx, postgres.Viewer{Actor: aidFiler, Purpose: postgres.ProtectionFollowUp})
	theirs := postgres.As(ctx, postgres.Viewer{Actor: other, Purpose: postgres.ProtectionFollowUp})
	doc := []byte(`{"first_name":"ใหม่"}`)
	if _, err := f.SavePart(theirs, id, casefile.PartSubject, doc, 1); !errors.Is(err, casefile.ErrNotFound) {
		t.Error("somebody else saved:", err)
	}
	for range 2 { // the answer to the first was lost
		if n, err := f.SavePart(mine, id, casefile.PartSubject, doc, 1); err != nil || n != 2 {
			t.Error("saved:", n, err)
		}
	}
	if _, err := f.SavePart(mine, id, casefile.PartSubject, []byte(`{"first_name":"เก่า"}`), 1); !errors.Is(err, casefile.ErrMoved) {
		t.Error("a phone that is behind:", err)
	}
	draft, saved, err := f.AidDraft(ctx, id)
	if err != nil || draft.Subject.First != "ใหม่" || saved[casefile.PartSubject] != 2 || saved[casefile.PartHome] != 1 {
		t.Errorf("%+v, %v, %v", draft.Subject, saved, err)
	}
	empty := casefile.AidID(uuid.NewString())
	if err := f.BeginAid(ctx, empty, aidFiler, began); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SendAid(ctx, empty, aidFiler, "key"); err == nil || !strings.Contains(err.Error(), "not filled in") {
		t.Error("an empty form was sent:", err)
	}
	for range 2 {
		if n, err := f.SendAid(ctx, id, aidFiler, "key"); err != nil || n != 1 {
			t.Error("sent:", n, err)
		}
	}
	if _, err := f.SendAid(ctx, id, aidFiler, "another"); !errors.Is(err, casefile.ErrMoved) {
		t.Error("sent twice:", err)
	}
	if sent, err := f.AidForm(ctx, id, 1); err != nil || sent.Subject.First != "ใหม่" || len(sent.Members) != 1 {
		t.Errorf("%+v, %v", sent, err)
	}
	a := f.filed(form)
	if _, err := f.SavePart(mine, a.ID, casefile.PartSubject, doc, 1); err == nil {
		t.Error("the form of a request that was sent was changed")
	}
	for range 2 {
		if n, err := f.SayToAid(ctx, a.ID, casefile.AidOrder{ID: "w", Kind: casefile.AidTakenBack, By: aidFiler, Reason: "MOVED"}); err != nil || n != 2 {
			t.Error(n, err)
		}
	}
}

// What is filled in and what is said rest sealed; who it is about leads nowhere without the key.
func TestAnAidRequestRestsSealed(t *testing.T) {
	f := setup(t)
	form := household("1101700230708", "คานารีลับ", "นามสกุลลับคานารี", canaries["address"])
	a := f.filed(form)
	if _, err := f.aided(a, nil, casefile.AidEvent{
		Kind: casefile.AidSentBack, By: clerk, Reason: "INCOMPLETE", Private: casefile.AidPrivate{Text: "คำลับคานารีของเจ้าหน้าที่"},
	}); err != nil {
		t.Fatal(err)
	}
	dump := string(f.dump())
	for _, secret := range []string{"คานารีลับ", "นามสกุลลับคานารี", canaries["address"], "1101700230708", "0899990001", canaries["text"], "คำลับคานารีของเจ้าหน้าที่"} {
		if strings.Contains(dump, secret) || strings.Contains(dump, fmt.Sprintf("%x", secret)) {
			t.Errorf("%q rests in clear", secret)
		}
	}
	events, err := f.AidEvents(t.Context(), a.ID)
	if err != nil || len(events) != 2 || events[1].Private.Text != "คำลับคานารีของเจ้าหน้าที่" {
		t.Errorf("%+v, %v", events, err)
	}
	if n := f.mustSQL(`SELECT count(*) FROM audit WHERE case_id = $1 AND action IN ('AID_SUBMITTED', 'AID_RETURNED')`, string(a.ID)); n != "2" {
		t.Errorf("%s of 2 events are in the log", n)
	}
	if err := f.AidViewed(t.Context(), a.ID, postgres.Viewer{Actor: clerk, Purpose: postgres.ProtectionFollowUp}); err != nil {
		t.Error(err)
	}
	if n := f.mustSQL(`SELECT count(*) FROM audit WHERE case_id = $1 AND action = 'AID_VIEWED'`, string(a.ID)); n != "1" {
		t.Errorf("%s looks are in the log", n)
	}
}

func TestEventsOfARequestAreRecordedOnce(t *testing.T) {
	f := setup(t)
	a := f.filed(household("", "สมชาย", "ทดสอบ", "1 หมู่ 2"))
	after, events := f.wouldAid(a, casefile.AidEvent{Kind: casefile.AidPassed, By: clerk})
	for range 2 {
		if err := f.AppendAid(t.Context(), after, events, nil); err != nil {
			t.Fatal(err)
		}
	}
	other, events := f.wouldAid(a, casefile.AidEvent{Kind: casefile.AidSentBack, By: clerk, Reason: "INCOMPLETE"})
	if err := f.AppendAid(t.Context(), other, events, nil); !errors.Is(err, casefile.ErrMoved) {
		t.Error("two stories of one request:", err)
	}
	if got, err := f.Aid(t.Context(), a.ID); err != nil || got.State != casefile.AidScreened || got.Version != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// The people of a form are in the register once, however often it is kept, and the same number finds the same person.
func TestTheSamePeopleAreFoundAgain(t *testing.T) {
	f := setup(t)
	form := household("1101700230708", "สมชาย", "ทดสอบ", "1/2 หมู่ ๓ ต.ตัวอย่าง")
	a := f.filed(form)
	for range 2 {
		person, home, err := f.KeepSubject(t.Context(), a.ID, aidFiler, form)
		if err != nil || person != a.Subject || home != a.Home {
			t.Fatalf("kept again as %s in %s: %v", person, home, err)
		}
	}
	if n := f.mustSQL(`SELECT count(*) FROM persons`); n != "2" {
		t.Errorf("%s people", n)
	}
	if n := f.mustSQL(`SELECT count(*) FROM household_members WHERE household_id = $1`, a.Home); n != "2" {
		t.Errorf("%s live there", n)
	}
	other := f.filed(household("1101700230708", "สมชาย", "ทดสอบ", "1/2 หมู่3 ตตัวอย่าง"))
	if other.Subject != a.Subject || other.Home != a.Home {
		t.Errorf("%s in %s, and %s in %s", a.Subject, a.Home, other.Subject, other.Home)
	}
	twins, err := f.AidTwins(t.Context(), other.ID)
	if err != nil || len(twins) != 1 || twins[0].Aid.ID != a.ID || twins[0].By != "NUMBER" {
		t.Errorf("%+v, %v", twins, err)
	}
	for _, x := range []struct {
		by   string
		form casefile.AidForm
	}{
		{"NAME", household("", "สมชาย", "ทดสอบ", "99 ที่อื่น")},
		{"HOME", household("", "อื่น", "คนละนามสกุล", "1/2 ม.ู่")},
		{"PHONE", household("", "คนละ", "คนอื่น", "77")},
	} {
		if x.by == "HOME" {
			x.form.Home.Address = "1/2 หมู่ 3 ต ตัวอย่าง"
		}
		b := f.filed(x.form)
		twins, err := f.AidTwins(t.Context(), b.ID)
		i := slices.IndexFunc(twins, func(w activities.AidTwin) bool { return w.Aid.ID == a.ID })
		if err != nil || i < 0 || twins[i].By != x.by {
			t.Errorf("%s: %+v, %v", x.by, twins, err)
		}
	}
}

// A number that is somebody else's puts nobody's request on their record; a human is shown both. A married name is no other person.
func TestANumberAloneMakesNobodyAnother(t *testing.T) {
	f := setup(t)
	first := f.filed(household("1101700230708", "สมชาย", "ทดสอบ", "1 หมู่ 1"))
	married := f.filed(household("1101700230708", "สมชาย", "ตัวอย่าง", "2 หมู่ 2"))
	other := f.filed(household("1101700230708", "มะลิวัลย์", "จันทรา", "3 หมู่ 3"))
	if married.Subject != first.Subject || other.Subject == first.Subject {
		t.Errorf("%s, married %s, another %s", first.Subject, married.Subject, other.Subject)
	}
	if n := f.mustSQL(`SELECT count(*) FROM person_duplicates WHERE why = 'NUMBER'`); n != "1" {
		t.Errorf("a human is shown %s pairs", n)
	}
	twins, err := f.AidTwins(t.Context(), other.ID)
	if err != nil || len(twins) != 2 || twins[0].By != "NUMBER" {
		t.Errorf("one number on two requests is not found before money: %+v, %v", twins, err)
	}
}

// Two approvals at the same moment for the same person: what both see alone is within the limit, and one is refused.
func TestTwoApprovalsAtOnceDoNotPassALimit(t *testing.T) {
	f := setup(t)
	f.warm()
	ctx := t.Context()
	limits := []policy.AidLimit{{Codes: []string{"X"}, Satang: 500000, Since: began.Add(-time.Hour), Rule: "YEAR"}}
	agree := casefile.AidEvent{Kind: casefile.AidAgreed, By: casefile.Actor{Kind: casefile.ByOperator, ID: "chief"}}
	for round := range 5 {
		form := household("", "สมชาย", fmt.Sprintf("ทดสอบ%s", strings.Repeat("ก", round)), fmt.Sprintf("%d หมู่ 2", round))
		errs := make([]error, 2)
		var at []casefile.AidRequest
		for range errs {
			at = append(at, f.planned(form, 300000))
		}
		var group sync.WaitGroup
		for i := range errs {
			after, events := f.wouldAid(at[i], agree)
			group.Go(func() {
				for range 2 { // and once more, as after a lost answer
					errs[i] = f.AppendAid(ctx, after, events, limits)
				}
			})
		}
		group.Wait()
		over := 0
		for i, err := range errs {
			a, readErr := f.Aid(ctx, at[i].ID)
			switch {
			case readErr != nil:
				t.Fatal(readErr)
			case errors.Is(err, casefile.ErrOverLimit) && a.State == casefile.AidPlanned:
				over++
			case err != nil || a.State != casefile.AidApproved:
				t.Fatalf("%s: %v", a.State, err)
			}
		}
		granted, err := f.Granted(ctx, at[0].ID)
		mine := f.mustSQL(`SELECT coalesce(sum(satang), 0)::text FROM aid_grants WHERE aid_id = ANY ($1::uuid[]) AND void_at IS NULL`, []string{string(at[0].ID), string(at[1].ID)})
		if over != 1 || mine != "300000" || err != nil || len(granted) > 1 {
			t.Fatalf("%d over the limit, %s granted, %v %v", over, mine, granted, err)
		}
	}
	// A neighbour with another name is not held back.
	if _, err := f.aided(f.planned(household("", "มานี", "อื่น", "44"), 300000), limits, agree); err != nil {
		t.Error(err)
	}
}

func TestAFileComesInPieces(t *testing.T) {
	f := setup(t)
	ctx := t.Context()
	id := f.drafted(household("", "สมชาย", "ทดสอบ", "1 หมู่ 2"))
	content := bytes.Repeat([]byte("%PDF-canary"), 5000)
	file := postgres.AidFile{ID: uuid.NewString(), Aid: id, Kind: postgres.AidDocument, ContentType: "application/pdf", Bytes: len(content)}
	for range 2 {
		if got, err := f.AddFile(ctx, file, aidFiler); err != nil || got.Received != 0 || !got.WholeAt.IsZero() {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	big := file
	big.ID, big.Bytes = uuid.NewString(), 11<<20
	if _, err := f.AddFile(ctx, big, aidFiler); err == nil {
		t.Error("a file of 11 megabytes was announced")
	}
	at := 0
	for at < len(content) {
		end := min(at+20000, len(content))
		got, err := f.AppendPiece(ctx, id, file.ID, at, content[at:end])
		if err != nil || got.Received != end {
			t.Fatalf("%+v, %v", got, err)
		}
		if got, err := f.AppendPiece(ctx, id, file.ID, at, content[at:end]); !errors.Is(err, casefile.ErrMoved) || got.Received != end {
			t.Fatalf("the same piece again: %+v, %v", got, err)
		}
		if there, err := f.FileOffset(ctx, id, file.ID); err != nil || there.Received != end {
			t.Fatal(there, err)
		}
		if _, _, err := f.File(ctx, id, file.ID); end < len(content) && !errors.Is(err, casefile.ErrNotFound) {
			t.Error("a part was shown as the whole:", err)
		}
		at = end
	}
	got, contentType, err := f.File(ctx, id, file.ID)
	if err != nil || contentType != "application/pdf" || !bytes.Equal(got, content) {
		t.Errorf("%d bytes of %s, %v", len(got), contentType, err)
	}
	files, err := f.Files(ctx, id)
	sum := sha256.Sum256(content)
	if err != nil || len(files) != 1 || !bytes.Equal(files[0].SHA256, sum[:]) || files[0].WholeAt.IsZero() {
		t.Errorf("%+v, %v", files, err)
	}
	if strings.Contains(string(f.dump()), "PDF-canary") {
		t.Error("a file rests in clear")
	}
	for i := range 30 {
		_, err := f.AddFile(ctx, postgres.AidFile{ID: uuid.NewString(), Aid: id, Kind: postgres.AidPhoto, ContentType: "image/jpeg", Bytes: 10}, aidFiler)
		if (err == nil) != (i < 19) {
			t.Fatalf("file %d of a form: %v", i+2, err)
		}
	}
}

func TestRequestsAreListedInPages(t *testing.T) {
	f := setup(t)
	ctx := t.Context()
	var all []casefile.AidID
	for i := range 5 {
		a := f.filed(household("", "สมชาย", "ทดสอบ", fmt.Sprint(i)))
		all = append(all, a.ID)
	}
	draft := f.drafted(household("", "สมชาย", "ทดสอบ", "9"))
	var seen []casefile.AidID
	filter := postgres.AidFilter{Provinces: []string{"65"}, States: []casefile.AidState{casefile.AidSubmitted}, OpenOnly: true, Limit: 2}
	for {
		page, err := f.AidRequests(ctx, filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			seen = append(seen, a.ID)
			filter.AfterAt, filter.AfterID = a.BegunAt, a.ID
		}
		if len(page) < 2 {
			break
		}
	}
	slices.Sort(all)
	slices.Sort(seen)
	if !slices.Equal(all, seen) {
		t.Errorf("listed %v of %v", seen, all)
	}
	count := func(f2 postgres.AidFilter) int {
		f2.Limit = 100
		rows, err := f.AidRequests(ctx, f2)
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	if n := count(postgres.AidFilter{}); n != 5 {
		t.Errorf("%d without the draft", n)
	}
	if n := count(postgres.AidFilter{Filer: aidFiler}); n != 6 {
		t.Errorf("%d of who filed them, the draft too", n)
	}
	if n := count(postgres.AidFilter{Provinces: []string{"10"}}); n != 0 {
		t.Errorf("%d in another province", n)
	}
	if n := count(postgres.AidFilter{Overdue: true}); n != 0 {
		t.Errorf("%d overdue", n)
	}
	f.Now = func() time.Time { return began.Add(72 * time.Hour) }
	if n := count(postgres.AidFilter{Overdue: true}); n != 5 {
		t.Errorf("%d overdue", n)
	}
	if late, err := f.LateAids(ctx, f.Now(), 100); err != nil || len(late) != 5 || late[0].UpTo != 1 {
		t.Errorf("late: %+v, %v", late, err)
	}
	if n, err := f.ForgetDrafts(ctx, began.Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("forgot %d, %v", n, err)
	}
	if n, err := f.ForgetDrafts(ctx, f.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("forgot %d, %v", n, err)
	}
	if _, err := f.Aid(ctx, draft); !errors.Is(err, casefile.ErrNotFound) {
		t.Error("the draft is still there:", err)
	}
	if n := f.mustSQL(`SELECT count(*) FROM audit WHERE action = 'AID_DRAFT_FORGOTTEN' AND case_id = $1`, string(draft)); n != "1" {
		t.Errorf("%s entries in the log", n)
	}
}

// What a case knows of who was hurt is in the draft: nobody types it again.
func TestADraftBeginsWithWhatACaseKnows(t *testing.T) {
	f := setup(t)
	ctx := t.Context()
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.8, 100.2)
	known := f.filed(household("1101700230708", "สมชาย", "ทดสอบ", "1/2 หมู่ 3"))
	all := casefile.Reader{By: clerk, Purpose: string(postgres.ProtectionFollowUp), Rights: casefile.Rights}
	if _, err := f.PutInCase(ctx, all, c.ID, known.Subject, casefile.PartVictim); err != nil {
		t.Fatal(err)
	}
	id := casefile.AidID(uuid.NewString())
	for range 2 {
		if err := f.OpenAid(ctx, postgres.AidOpening{ID: id, By: clerk, Case: c.ID}); err != nil {
			t.Fatal(err)
		}
	}
	form, _, err := f.AidDraft(ctx, id)
	if err != nil || form.Subject.First != "สมชาย" || form.Subject.Number != "1101700230708" || form.Home.Address != "1/2 หมู่ 3" || len(form.Members) != 1 {
		t.Errorf("%+v, %v", form, err)
	}
	a, err := f.Aid(ctx, id)
	if err != nil || a.Case != c.ID || a.State != casefile.AidDraft || a.Filer != clerk || a.Place.Province != "65" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAnEmergencyGrowsOutOfARequestOnce(t *testing.T) {
	f := setup(t)
	ctx := t.Context()
	a := f.filed(household("", "สมชาย", "ทดสอบ", "1/2 หมู่ 3"))
	first, n, err := f.AidToAlarm(ctx, a, clerk)
	if err != nil || n != 1 || first == "" {
		t.Fatal(first, n, err)
	}
	if again, _, err := f.AidToAlarm(ctx, a, clerk); err != nil || again != first {
		t.Errorf("%s and %s, %v", first, again, err)
	}
	heard, err := f.Inbox(ctx, first, 0, 1)
	if err != nil || len(heard) != 1 || !strings.Contains(heard[0].In.Text, canaries["text"]) || heard[0].In.By != clerk {
		t.Errorf("%+v, %v", heard, err)
	}
}

// A form that the register cannot take is refused to who filed it; nothing tries it again and again.
func TestAFormThatTheRegisterCannotTakeIsRefused(t *testing.T) {
	f := setup(t)
	form := household("", "สมชาย", "ทดสอบ", "1 หมู่ 2")
	for what, spoil := range map[string]func(*casefile.AidForm){
		"a district that is none": func(x *casefile.AidForm) { x.Home.District = "ที่ไหนสักแห่ง" },
		"a province that is none": func(x *casefile.AidForm) { x.Home.Province = "00" },
		"a number that is none":   func(x *casefile.AidForm) { x.Subject.Number = "1234567890120" },
	} {
		bad := form
		spoil(&bad)
		var invalid *casefile.InvalidError
		if _, _, err := f.KeepSubject(t.Context(), f.drafted(bad), aidFiler, bad); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
