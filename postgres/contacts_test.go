package postgres_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// address gives a member an address on a channel; a zero time leaves it unverified.
func (f *fixture) address(m casefile.MemberID, channel casefile.Channel, to string, verified time.Time, change string) {
	f.t.Helper()
	sealed, err := f.Sealer.Seal([]byte(to), "contacts|address_sealed|"+string(m)+"|"+string(channel))
	if err != nil {
		f.t.Fatal(err)
	}
	var at *time.Time
	if !verified.IsZero() {
		at = &verified
	}
	f.mustSQL(`INSERT INTO contacts (member_id, channel, address_sealed, address_hash, verified_at) VALUES ($1, $2, $3, $4, $5)`,
		string(m), string(channel), sealed, string(f.Reporter(channel, to)), at)
	if change != "" {
		f.mustSQL(`UPDATE contacts SET `+change+` WHERE member_id = $1 AND channel = $2`, string(m), string(channel))
	}
}

func TestAnAddressCountsOnceItsOwnerHasAnsweredFromIt(t *testing.T) {
	f := setup(t)
	f.station()
	now := began
	f.address("one", casefile.ChannelSMS, "+66811111111", now.Add(-time.Hour), "")
	f.address("one", casefile.ChannelSMS, "+66822222222", now, "after_s = 300, from_minute = 420, until_minute = 1260")
	f.mustSQL(`UPDATE contacts SET after_s = NULL, from_minute = NULL, until_minute = NULL WHERE verified_at < $1`, now)
	f.address("one", casefile.ChannelEmail, "one@example.org", now.Add(-time.Minute), "after_s = -1")
	f.address("one", casefile.ChannelVoice, "+66833333333", time.Time{}, "")
	c, err := f.MemberContact(t.Context(), "one", "")
	if err != nil {
		t.Fatal(err)
	}
	day := &policy.Hours{}
	day.From.Duration, day.To.Duration = 7*time.Hour, 21*time.Hour
	later, never := 300*time.Second, -time.Second
	if want := (activities.Contact{LINE: lineOfficer, Unit: "st", Language: casefile.Thai, Others: []activities.Way{
		{Channel: casefile.ChannelSMS, To: "+66822222222", After: &later, Hours: day},
		{Channel: casefile.ChannelEmail, To: "one@example.org", After: &never},
	}}); !reflect.DeepEqual(c, want) {
		t.Errorf("%+v\nwant %+v", c, want)
	}
	f.address("desk", casefile.ChannelVoice, "+66844444444", now, "")
	if c, err = f.MemberContact(t.Context(), "desk", ""); err != nil || !c.Desk || len(c.Others) != 1 || c.Others[0].After != nil || c.Others[0].Hours != nil {
		t.Errorf("the duty desk: %+v, %v", c, err)
	}

	// Whoever has blocked us in LINE is reached by the rest.
	f.intake(f.line(lineOfficer, casefile.Incoming{Word: casefile.Blocked}))
	if c, err = f.MemberContact(t.Context(), "one", ""); err != nil || c.LINE != "" || len(c.Others) != 2 {
		t.Errorf("after a block: %+v, %v", c, err)
	}
}

// A number makes a desk reachable; a mailbox, which nobody hears, or a number that nobody has answered from does not.
func TestWhoIsReachable(t *testing.T) {
	f := setup(t)
	f.station()
	f.mustSQL(`UPDATE members SET line_user_sealed = NULL, line_hash = NULL`)
	reachable := func() (desk, near bool) {
		t.Helper()
		desks, err := f.Desks(t.Context(), casefile.LevelStation, casefile.Place{Province: "65"}, "st", "")
		if err != nil || len(desks) != 1 {
			t.Fatalf("%+v, %v", desks, err)
		}
		found, err := f.Nearest(t.Context(), activities.NearQuery{Pin: *pin(16.82, 100.26), Role: casefile.Police, K: 5, WithinM: 5000, At: began})
		if err != nil || len(found) != 1 {
			t.Fatalf("%+v, %v", found, err)
		}
		return desks[0].Reachable, found[0].Reachable
	}
	for _, m := range []casefile.MemberID{"desk", "one"} {
		f.address(m, casefile.ChannelEmail, "a@example.org", began, "")
		f.address(m, casefile.ChannelSMS, "+66811111111", time.Time{}, "")
	}
	if desk, near := reachable(); desk || near {
		t.Errorf("without a way that rings: desk %t, officer %t", desk, near)
	}
	f.mustSQL(`UPDATE contacts SET verified_at = now()`)
	if desk, near := reachable(); !desk || !near {
		t.Errorf("with a number: desk %t, officer %t", desk, near)
	}
}

func TestAReporterIsReachedWhereTheReportCameFrom(t *testing.T) {
	f := setup(t)
	const number = "+66855555555"
	a := f.line(number, casefile.Incoming{Word: casefile.Said, Text: "ช่วยด้วย"})
	a.Channel = casefile.ChannelSMS
	r := f.intake(a)[0]
	c, err := f.ReporterContact(t.Context(), r.Reporter)
	if err != nil || c.LINE != "" || len(c.Others) != 1 || !reflect.DeepEqual(c.Others[0], activities.Way{Channel: casefile.ChannelSMS, To: number}) {
		t.Errorf("%+v, %v", c, err)
	}
	kept, err := f.Case(t.Context(), r.Case)
	if err != nil || kept.Channel != casefile.ChannelSMS || !kept.NoCall {
		t.Errorf("the case came by %s, may be called: %t, %v", kept.Channel, !kept.NoCall, err)
	}
	a = f.line("call-1", casefile.Incoming{Word: casefile.Called, Type: casefile.Gathering})
	a.Channel = casefile.Channel1300
	if c, err = f.ReporterContact(t.Context(), f.intake(a)[0].Reporter); err != nil || c.LINE != "" || len(c.Others) > 0 {
		t.Errorf("by telephone: %+v, %v", c, err)
	}
}

// Every way of a message has a row of its own, which keeps what its channel reports later.
func TestEveryWayOfAMessageIsRemembered(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	line := activities.Delivery{
		Key: "k", Case: c.ID, Seq: 3, To: "member:m1", Channel: casefile.ChannelLINE, Template: "offer", Outcome: activities.OutcomeStale, At: began,
	}
	sms := line
	sms.Key, sms.Channel, sms.Outcome, sms.Request = "k/SMS", casefile.ChannelSMS, activities.OutcomeAccepted, "id"
	if err := f.Delivered(t.Context(), []activities.Delivery{line, sms}); err != nil {
		t.Fatal(err)
	}
	got, err := f.Answered(t.Context(), c.ID, []string{"k", "k/SMS", "k/VOICE"})
	if want := (map[string]activities.Outcome{"k": activities.OutcomeStale, "k/SMS": activities.OutcomeAccepted}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	sms.DeliveredAt, sms.AnsweredAt = began.Add(time.Second), began.Add(time.Minute)
	f.mustSQL(`UPDATE deliveries SET delivered_at = $1, answered_at = $2 WHERE key = 'k/SMS'`, sms.DeliveredAt, sms.AnsweredAt)
	list, err := f.Deliveries(t.Context(), c.ID)
	if err != nil || !reflect.DeepEqual(list, []activities.Delivery{line, sms}) {
		t.Errorf("%+v, %v", list, err)
	}
}
