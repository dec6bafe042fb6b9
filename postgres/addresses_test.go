package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

const (
	hisNumber = "+66812345678"
	codeLife  = 10 * time.Minute
	codeTries = 5
)

// way adds a way to a member and returns its ID.
func (f *fixture) way(m casefile.MemberID, ch casefile.Channel, to string) string {
	f.t.Helper()
	id, err := f.AddAddress(f.t.Context(), postgres.Address{Member: m, Channel: ch, To: to}, planner)
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

func (f *fixture) code(m casefile.MemberID, id string) string {
	f.t.Helper()
	p, err := f.NewCode(f.t.Context(), m, id, codeLife, planner)
	if err != nil {
		f.t.Fatal(err)
	}
	return p.Code
}

func (f *fixture) ownersOf(ch casefile.Channel, to string) []casefile.MemberID {
	f.t.Helper()
	owners, err := f.OwnersOf(f.t.Context(), ch, to)
	if err != nil {
		f.t.Fatal(err)
	}
	var ids []casefile.MemberID
	for _, o := range owners {
		ids = append(ids, o.Member)
	}
	return ids
}

// wrong is another code than the right one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func invalidField(err error) string {
	var invalid *casefile.InvalidError
	if errors.As(err, &invalid) {
		return invalid.Field
	}
	return fmt.Sprint(err)
}

func TestANumberCountsOnceItsCodeCameBack(t *testing.T) {
	f, _ := rota(t)
	sms, voice := f.way("day", casefile.ChannelSMS, hisNumber), f.way("day", casefile.ChannelVoice, hisNumber)
	f.way("day", casefile.ChannelEmail, "Day@Example.org")
	if got := f.ownersOf(casefile.ChannelSMS, hisNumber); len(got) != 0 {
		t.Fatalf("a number that nobody proved is that of %v", got)
	}
	code := f.code("day", sms)
	if len(code) != 6 {
		t.Fatalf("the code is %q", code)
	}
	if _, err := f.NewCode(t.Context(), "day", sms, codeLife, planner); invalidField(err) != "contact" {
		t.Errorf("a second code at once: %v", err)
	}
	for _, m := range []casefile.MemberID{"night", "nobody"} {
		if _, err := f.NewCode(t.Context(), m, sms, codeLife, planner); !errors.Is(err, casefile.ErrNotFound) {
			t.Errorf("the code of another: %v", err)
		}
		if err := f.ConfirmCode(t.Context(), m, sms, code, codeTries, planner); invalidField(err) != "code" {
			t.Errorf("confirmed for another: %v", err)
		}
	}
	if err := f.ConfirmCode(t.Context(), "day", sms, wrong(code), codeTries, planner); invalidField(err) != "code" {
		t.Errorf("a wrong code: %v", err)
	}
	if err := f.ConfirmCode(t.Context(), "day", sms, code, codeTries, planner); err != nil {
		t.Fatal(err)
	}
	for _, ch := range []casefile.Channel{casefile.ChannelSMS, casefile.ChannelVoice} { // one number is one person
		if got := f.ownersOf(ch, hisNumber); !slices.Equal(got, []casefile.MemberID{"day"}) {
			t.Errorf("%s of the number is that of %v", ch, got)
		}
	}
	if err := f.ConfirmCode(t.Context(), "day", sms, code, codeTries, planner); invalidField(err) != "code" {
		t.Errorf("a code is good twice: %v", err)
	}
	list, err := f.AddressesOf(t.Context(), "day")
	if err != nil || len(list) != 3 || list[0].To != hisNumber || !list[0].VerifiedAt.Equal(began) || !list[1].VerifiedAt.Equal(began) || !list[2].VerifiedAt.IsZero() {
		t.Errorf("the ways are %+v, %v", list, err)
	}
	if raw := f.mustSQL(`SELECT string_agg(encode(address_sealed, 'escape') || address_hash || coalesce(code_hash, ''), ' ') FROM contacts`); strings.Contains(raw, "812345678") || strings.Contains(raw, "Example") {
		t.Error("an address lies open")
	}
	if got := f.mustSQL(`SELECT string_agg(action, ' ' ORDER BY id) FROM audit WHERE action LIKE 'CONTACT%'`); got != "CONTACT_ADDED CONTACT_ADDED CONTACT_ADDED CONTACT_CODE_SENT CONTACT_VERIFIED" {
		t.Errorf("the audit log says %s", got)
	}
	if raw := f.mustSQL(`SELECT string_agg(encode(meta, 'escape'), ' ') FROM audit`); strings.Contains(raw, "812345678") || strings.Contains(raw, code) {
		t.Error("an address or a code is in the audit log")
	}
	for want := range slices.Values([]error{nil, casefile.ErrNotFound}) {
		if err := f.RemoveAddress(t.Context(), "day", voice, planner); !errors.Is(err, want) {
			t.Errorf("removed with %v, want %v", err, want)
		}
	}
	if err := f.RemoveAddress(t.Context(), "night", sms, planner); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("the way of another: %v", err)
	}
	if _, err := f.AddAddress(t.Context(), postgres.Address{Member: "day", Channel: casefile.ChannelSMS, To: hisNumber}, planner); invalidField(err) != "address" {
		t.Errorf("the same number twice: %v", err)
	}
}

func TestACodeIsGoodForFiveTriesAndTenMinutes(t *testing.T) {
	f, _ := rota(t)
	id := f.way("day", casefile.ChannelSMS, hisNumber)
	code := f.code("day", id)
	for range codeTries {
		if err := f.ConfirmCode(t.Context(), "day", id, wrong(code), codeTries, planner); invalidField(err) != "code" {
			t.Fatal(err)
		}
	}
	if err := f.ConfirmCode(t.Context(), "day", id, code, codeTries, planner); invalidField(err) != "code" {
		t.Errorf("the sixth try: %v", err)
	}
	code = f.code("day", id) // the old one is gone: no need to wait
	f.mustSQL(`UPDATE contacts SET code_until = now() - interval '1 second'`)
	if err := f.ConfirmCode(t.Context(), "day", id, code, codeTries, planner); invalidField(err) != "code" {
		t.Errorf("a code that is too old: %v", err)
	}
	if len(f.ownersOf(casefile.ChannelSMS, hisNumber)) != 0 {
		t.Error("the number counts")
	}
}

// Who tries at the same time has no more tries.
func TestTriesAtOnceAreCounted(t *testing.T) {
	f, _ := rota(t)
	id := f.way("day", casefile.ChannelSMS, hisNumber)
	code := f.code("day", id)
	f.warm()
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() { _ = f.ConfirmCode(t.Context(), "day", id, wrong(code), codeTries, planner) })
	}
	group.Wait()
	if err := f.ConfirmCode(t.Context(), "day", id, code, codeTries, planner); invalidField(err) != "code" {
		t.Errorf("after twelve wrong ones: %v", err)
	}
	if got := f.mustSQL(`SELECT code_tries FROM contacts`); got != "5" {
		t.Errorf("%s tries were counted", got)
	}
}

func TestACodeThatComesFromTheNumberProvesIt(t *testing.T) {
	f, _ := rota(t)
	day, night := f.way("day", casefile.ChannelSMS, hisNumber), f.way("night", casefile.ChannelSMS, hisNumber) // they share it
	code := f.code("day", day)
	for f.code("night", night) == code {
		f.mustSQL(`UPDATE contacts SET code_until = NULL, code_hash = NULL WHERE member_id = 'night'`)
	}
	for from, want := range map[string]casefile.MemberID{"+66898765432": "", "": "", hisNumber: "day"} {
		if m, err := f.ConfirmByAddress(t.Context(), casefile.ChannelSMS, from, code, codeTries); err != nil || m != want {
			t.Errorf("from %q: %q %v, want %q", from, m, err, want)
		}
	}
	if got := f.ownersOf(casefile.ChannelSMS, hisNumber); !slices.Equal(got, []casefile.MemberID{"day"}) {
		t.Errorf("the number is that of %v", got)
	}
}

func TestImportedAddressesStayProved(t *testing.T) {
	f, _ := rota(t)
	mail := postgres.Address{Member: "desk", Channel: casefile.ChannelEmail, To: "desk@example.org"}
	sms := postgres.Address{Member: "day", Channel: casefile.ChannelSMS, To: hisNumber, VerifiedAt: began}
	for range 2 {
		if err := f.UpsertAddresses(t.Context(), []postgres.Address{mail, sms, mail}); err != nil {
			t.Fatal(err)
		}
		sms.VerifiedAt, sms.AfterS = time.Time{}, new(30)
	}
	list, err := f.AddressesOf(t.Context(), "day")
	if err != nil || len(list) != 1 || !list[0].VerifiedAt.Equal(began) || list[0].AfterS == nil || *list[0].AfterS != 30 || list[0].FromMinute != nil {
		t.Errorf("the ways are %+v, %v", list, err)
	}
	if got := f.ownersOf(casefile.ChannelEmail, "DESK@example.org"); len(got) != 0 {
		t.Errorf("an imported mailbox counts: %v", got)
	}
	f.mustSQL(`UPDATE members SET state = 'SUSPENDED' WHERE id = 'day'`)
	if got := f.ownersOf(casefile.ChannelSMS, hisNumber); len(got) != 0 {
		t.Errorf("a suspended member answers: %v", got)
	}
}

// told is a message to a member that a channel took.
func (f *fixture) told(c casefile.Case, m casefile.MemberID, ch casefile.Channel, template, request string, at time.Time) {
	f.t.Helper()
	if err := f.Delivered(f.t.Context(), []activities.Delivery{{
		Key: fmt.Sprintf("%s/%d/%s/%s/%s", c.ID, c.Version, m, template, ch), Case: c.ID, Seq: c.Version, To: "member:" + string(m), Channel: ch,
		Template: template, Outcome: activities.OutcomeAccepted, Request: request, At: at,
	}}); err != nil {
		f.t.Fatal(err)
	}
}

func TestWhatWasAskedOnATelephoneIsFound(t *testing.T) {
	f, _ := rota(t)
	a := f.asked(f.placed(f.report("U1", casefile.Berserk, began), 16.8, 100.2), "day")
	b := f.asked(f.placed(f.report("U2", casefile.Confinement, began), 16.8, 100.2), "day", "night")
	f.told(a, "day", casefile.ChannelLINE, "offer", "l1", began)
	f.told(a, "day", casefile.ChannelSMS, "offer", "g1", began.Add(-time.Minute))
	f.told(b, "day", casefile.ChannelSMS, "offer", "g2", began)
	f.told(b, "day", casefile.ChannelSMS, "escalated", "g0", began.Add(-25*time.Hour))
	f.told(b, "night", casefile.ChannelSMS, "offer", "g3", began)
	day := []casefile.MemberID{"day"}

	asked, err := f.AskedOf(t.Context(), casefile.ChannelSMS, day)
	if err != nil || len(asked) != 2 || asked[0].Case.ID != b.ID || asked[1].Case.ID != a.ID || asked[0].Template != "offer" || asked[0].Seq != b.Version || asked[0].Answered {
		t.Fatalf("asked %+v, %v", asked, err)
	}
	if track, ok := asked[0].Case.TrackOf("day"); !ok || len(track.Offers) != 2 || asked[0].Case.Private.Pin != nil {
		t.Errorf("the case is %+v", asked[0].Case)
	}
	about, err := f.AskedAbout(t.Context(), a.Code(), day)
	if err != nil || len(about) != 3 || about[0].Case.ID != a.ID || about[2].Template != "" {
		t.Errorf("about %s: %+v, %v", a.Code(), about, err)
	}
	if none, err := f.AskedAbout(t.Context(), "0000-0000", day); err != nil || len(none) != 0 {
		t.Errorf("about no case: %+v, %v", none, err)
	}
	offered, err := f.OfferedTo(t.Context(), []casefile.MemberID{"night"})
	if err != nil || len(offered) != 1 || offered[0].Case.ID != b.ID || offered[0].Member != "night" || offered[0].Template != "" {
		t.Errorf("offered %+v, %v", offered, err)
	}

	if err := f.AnsweredBy(t.Context(), "day", b.ID, casefile.ChannelSMS); err != nil {
		t.Fatal(err)
	}
	if asked, err = f.AskedOf(t.Context(), casefile.ChannelSMS, day); err != nil || !asked[0].Answered || asked[1].Answered {
		t.Errorf("asked %+v, %v", asked, err)
	}
	if got := f.mustSQL(`SELECT count(*) FROM deliveries WHERE answered_at IS NOT NULL`); got != "2" { // both that asked the officer about it
		t.Errorf("%s messages are answered", got)
	}
}

func TestReceiptsSayWhatArrivedAndWhatNeverWill(t *testing.T) {
	f, _ := rota(t)
	c := f.asked(f.placed(f.report("U1", casefile.Berserk, began), 16.8, 100.2), "day", "night")
	f.told(c, "day", casefile.ChannelSMS, "offer", "g1", began)
	f.told(c, "night", casefile.ChannelSMS, "offer", "g2", began)
	f.told(c, "guest", casefile.ChannelLINE, "offer", "g3", began)
	for _, tt := range []struct {
		ch      casefile.Channel
		request string
		arrived bool
		known   bool
	}{
		{casefile.ChannelSMS, "g1", true, true}, {casefile.ChannelSMS, "g1", false, true}, {casefile.ChannelSMS, "g2", false, true},
		{casefile.ChannelSMS, "g3", true, false}, {casefile.ChannelVoice, "g1", true, false}, {casefile.ChannelSMS, "", false, false}, {casefile.ChannelSMS, "g9", false, false},
	} {
		if known, err := f.Handed(t.Context(), tt.ch, tt.request, tt.arrived); err != nil || known != tt.known {
			t.Errorf("%s %s: known %v, %v", tt.ch, tt.request, known, err)
		}
	}
	want := "day ACCEPTED true, guest ACCEPTED false, night FAILED false"
	if got := f.mustSQL(`SELECT string_agg(substr(recipient, 8) || ' ' || outcome || ' ' || (delivered_at IS NOT NULL), ', ' ORDER BY recipient) FROM deliveries`); got != want {
		t.Errorf("recorded %s, want %s", got, want)
	}
}

func TestHelpIsSaidOnceInAWhile(t *testing.T) {
	f, _ := rota(t)
	of := f.intake(postgres.Arrival{
		EventID: "sms:1", Channel: casefile.ChannelSMS, UserID: hisNumber, Raw: []byte("{}"), In: casefile.Incoming{Word: casefile.Said, Text: "?"}, At: began,
	})[0].Reporter
	f.warm()
	var group sync.WaitGroup
	var mu sync.Mutex
	allowed := 0
	for range 8 {
		group.Go(func() {
			if may, err := f.MayHelp(t.Context(), of, time.Minute); err != nil {
				t.Error(err)
			} else if may {
				mu.Lock()
				allowed++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if allowed != 1 {
		t.Errorf("%d lines of help at once", allowed)
	}
	f.mustSQL(`UPDATE threads SET helped_at = helped_at - interval '61 seconds'`)
	if may, err := f.MayHelp(t.Context(), of, time.Minute); err != nil || !may {
		t.Errorf("after a while: %v, %v", may, err)
	}
	if may, err := f.MayHelp(t.Context(), "nobody", time.Minute); err != nil || may {
		t.Errorf("to nobody: %v, %v", may, err)
	}
}

func TestAReportBySMSOpensACase(t *testing.T) {
	f := setup(t)
	sms := func(id, text string) postgres.Arrival {
		return postgres.Arrival{
			EventID: casefile.EventID("sms:" + id), Channel: casefile.ChannelSMS, UserID: hisNumber, Raw: []byte("{}"), At: began,
			In: casefile.Incoming{Word: casefile.Said, Text: text, Channel: casefile.ChannelSMS},
		}
	}
	pin := sms("1/pin", "")
	pin.In = casefile.Incoming{Word: casefile.SentLocation, Channel: casefile.ChannelSMS, Pin: &casefile.Pin{Lat: 16.8, Lon: 100.2}}
	got := f.intake(sms("1", "ช่วยด้วย"), pin, sms("2", "ชั้นสอง"))
	if got[0].Door != casefile.Opens || got[1].Door != casefile.Joins || got[2].Door != casefile.Joins || got[1].Case != got[0].Case || got[1].N != 2 {
		t.Fatalf("routed %+v", got)
	}
	c, err := f.Case(t.Context(), got[0].Case)
	if err != nil || c.Channel != casefile.ChannelSMS || c.Reporter != f.Reporter(casefile.ChannelSMS, hisNumber) {
		t.Errorf("opened %+v, %v", c, err)
	}
	if again := f.intake(sms("1", "ช่วยด้วย")); !again[0].Duplicate {
		t.Error("a repeat is another report")
	}
}

func (f *fixture) unreachable(province string) []string {
	f.t.Helper()
	people, err := f.Unreachable(f.t.Context(), province, "", 100)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, u := range people {
		out = append(out, string(u.Member)+" "+string(u.Why))
	}
	if n, err := f.CountUnreachable(f.t.Context()); err != nil || province == "" && n != len(out) {
		f.t.Errorf("counted %d, listed %d, %v", n, len(out), err)
	}
	return out
}

func TestWhoCannotBeReachedIsListed(t *testing.T) {
	f, _ := rota(t)
	verify := func(ids ...string) { f.mustSQL(`UPDATE members SET verified_at = now() WHERE id = ANY ($1)`, ids) }
	verify("desk", "day", "guest", "foreign")
	f.mustSQL(`UPDATE members SET on_duty = false, lat = NULL, lon = NULL, cell = NULL, fixed_at = NULL WHERE id IN ('night', 'foreign')`)
	if got := f.unreachable(""); len(got) != 0 { // night is off duty and in no schedule
		t.Fatalf("listed %v", got)
	}
	if err := f.SetSchedule(t.Context(), "st", halfDays("day", "night"), planner); err != nil {
		t.Fatal(err)
	}
	f.mustSQL(`UPDATE members SET line_hash = NULL, line_user_sealed = NULL WHERE id = 'desk'`)
	f.intake(f.line("Uday", casefile.Incoming{Word: casefile.Blocked}))
	f.way("guest", casefile.ChannelSMS, "+66898765432")
	f.mustSQL(`UPDATE members SET line_hash = NULL, line_user_sealed = NULL WHERE id = 'guest'`)
	want := []string{"day BLOCKED", "desk NO_ADDRESS", "guest UNVERIFIED", "night UNVERIFIED"}
	if got := f.unreachable("65"); !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if got := f.unreachable("50"); len(got) != 0 {
		t.Errorf("listed elsewhere: %v", got)
	}
	prove := func(m casefile.MemberID, ch casefile.Channel, to string) {
		if err := f.UpsertAddresses(t.Context(), []postgres.Address{{Member: m, Channel: ch, To: to, VerifiedAt: began}}); err != nil {
			t.Fatal(err)
		}
	}
	prove("day", casefile.ChannelVoice, hisNumber)
	prove("desk", casefile.ChannelEmail, "desk@example.org")
	prove("guest", casefile.ChannelEmail, "guest@example.org") // a mail does not send anybody into the field
	verify("night")
	if got := f.unreachable(""); !slices.Equal(got, []string{"guest UNVERIFIED"}) {
		t.Errorf("listed %v", got)
	}
	people, err := f.Unreachable(t.Context(), "", "guest", 100)
	if err != nil || len(people) != 0 {
		t.Errorf("the next page is %v, %v", people, err)
	}
}

func TestLaddersEndAtDesksThatCanBeReached(t *testing.T) {
	f, _ := rota(t)
	ends := func() int {
		t.Helper()
		units, desks, live, err := f.Ladders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(policy.EndsAtNobody(policy.Default(), units, desks, live))
	}
	before := ends()
	f.unit("husec", casefile.LevelHUSEC, 0, 0)
	f.mustSQL(`UPDATE units SET province = '', region = '' WHERE id = 'husec'`)
	d := officer("husec-desk", "husec", 0, 0)
	d.Level, d.Role, d.VerifiedAt, d.Province = casefile.LevelHUSEC, "", began, ""
	f.members(d)
	manned := ends()
	if before == 0 || manned >= before {
		t.Fatalf("%d ladders ended at nobody, with ศรส. %d", before, manned)
	}
	f.intake(f.line("Uhusec-desk", casefile.Incoming{Word: casefile.Blocked}))
	if got := ends(); got != before {
		t.Errorf("it has blocked us: %d ladders end at nobody, want %d", got, before)
	}
	if err := f.UpsertAddresses(t.Context(), []postgres.Address{{Member: "husec-desk", Channel: casefile.ChannelSMS, To: hisNumber, VerifiedAt: began}}); err != nil {
		t.Fatal(err)
	}
	if got := ends(); got != manned {
		t.Errorf("by SMS: %d ladders end at nobody, want %d", got, manned)
	}
	if err := f.SetDuty(t.Context(), "husec-desk", false); err != nil {
		t.Fatal(err)
	}
	if got := ends(); got != before {
		t.Errorf("off duty: %d ladders end at nobody, want %d", got, before)
	}
	week := dispatch.Schedule{Weekly: []dispatch.WeeklyShift{{Name: "เวร", Members: []casefile.MemberID{"husec-desk"}, Days: dispatch.Weekdays, From: "20:00", Until: "08:00"}}}
	if err := f.SetSchedule(t.Context(), "husec", week, planner); err != nil {
		t.Fatal(err)
	}
	if got := ends(); got != manned {
		t.Errorf("on call tonight: %d ladders end at nobody, want %d", got, manned)
	}
}

func TestOneWorkerMakesTheListOfADay(t *testing.T) {
	f := setup(t)
	day := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	f.warm()
	var group sync.WaitGroup
	var mu sync.Mutex
	mine := 0
	for range 8 {
		group.Go(func() {
			if ok, err := f.TakeMorning(t.Context(), day, time.Minute); err != nil {
				t.Error(err)
			} else if ok {
				mu.Lock()
				mine++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if mine != 1 {
		t.Errorf("%d workers make one list", mine)
	}
	if m, err := f.LatestMorning(t.Context()); err != nil || !m.ToldAt.IsZero() {
		t.Errorf("told %+v, %v", m, err)
	}
	f.mustSQL(`UPDATE mornings SET leased_until = now() - interval '1 second'`) // whoever had it is gone
	if ok, err := f.TakeMorning(t.Context(), day, time.Minute); err != nil || !ok {
		t.Errorf("nobody takes it over: %v, %v", ok, err)
	}
	want := postgres.Morning{ToldAt: began, People: 3, Ladders: 2}
	if err := f.MorningTold(t.Context(), day, want); err != nil {
		t.Fatal(err)
	}
	f.mustSQL(`UPDATE mornings SET leased_until = now() - interval '1 second'`)
	if ok, err := f.TakeMorning(t.Context(), day, time.Minute); err != nil || ok {
		t.Errorf("told twice: %v, %v", ok, err)
	}
	if ok, err := f.TakeMorning(t.Context(), day.AddDate(0, 0, 1), time.Minute); err != nil || !ok {
		t.Errorf("the next day: %v, %v", ok, err)
	}
	if m, err := f.LatestMorning(t.Context()); err != nil || m != want {
		t.Errorf("the latest is %+v, %v", m, err)
	}
}
