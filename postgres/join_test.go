package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
)

func cellName(lat, lon float64) string { return dispatch.CellName(lat, lon) }

func joins(c casefile.Case) activities.JoinQuery {
	return activities.JoinQuery{
		Case: c.ID, Type: c.Type, Reporter: c.Reporter, ReportedAt: c.ReportedAt, At: c.ReportedAt.Add(time.Minute), Pin: *c.Private.Pin,
		RadiusM: 150, Window: 30 * time.Minute, SamePlaceM: 150, SamePlaceAge: 24 * time.Hour,
	}
}

func (f *fixture) joinOrLink(c casefile.Case) activities.JoinResult {
	f.t.Helper()
	r, err := f.JoinOrLink(f.t.Context(), joins(c))
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func TestAHundredReportsAtOnceHaveOneLead(t *testing.T) {
	f := setup(t)
	cases := make([]casefile.Case, 100)
	for i := range cases { // within 100 m, on both sides of many cell borders, reported in another order than placed
		c := f.report(fmt.Sprintf("U%d", i), casefile.Berserk, began.Add(time.Duration((i*37)%100)*time.Second))
		cases[i] = f.placed(c, 16.82+rand.Float64()*0.0005, 100.26+rand.Float64()*0.0005)
	}
	f.warm()
	var mu sync.Mutex
	leads := map[casefile.CaseID]int{}
	var group sync.WaitGroup
	for _, c := range cases {
		group.Go(func() {
			r, err := f.JoinOrLink(t.Context(), joins(c))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			leads[r.Lead]++
			mu.Unlock()
		})
	}
	group.Wait()
	if leads[""] != 1 || len(leads) != 2 {
		t.Fatalf("leads: %v", leads)
	}
	for id := range leads {
		if id == "" {
			continue
		}
		if leads[id] != 99 {
			t.Errorf("%d joined", leads[id])
		}
		rows, err := f.Inbox(t.Context(), id, 1, 200)
		if err != nil || len(rows) != 99 {
			t.Fatalf("%d words in the lead's inbox, %v", len(rows), err)
		}
		if in := rows[98].In; rows[98].N != 100 || in.Word != casefile.CaseSpoke || in.Action != casefile.ActReportJoins || in.Case == "" {
			t.Errorf("last word %+v", rows[98])
		}
	}
}

func TestARepeatedJoinGivesTheSameAnswer(t *testing.T) {
	f := setup(t)
	lead := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	for range 3 {
		if r := f.joinOrLink(lead); r.Lead != "" || r.Earlier != "" {
			t.Errorf("the first report: %+v", r)
		}
	}
	second := f.placed(f.report("U2", casefile.Berserk, began), 16.8205, 100.26)
	for range 3 {
		if r := f.joinOrLink(second); r.Lead != lead.ID || r.LeadInbox != 2 {
			t.Errorf("the second report: %+v", r)
		}
	}
	if r := f.joinOrLink(lead); r.Lead != "" {
		t.Errorf("the lead joins its own report: %+v", r)
	}
}

func TestWhatIsNotTheSameIncident(t *testing.T) {
	f := setup(t)
	lead := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	f.joinOrLink(lead)
	tests := []struct {
		name string
		typ  casefile.IncidentType
		at   time.Time
		lat  float64
		link bool
	}{
		{"two hundred metres away", casefile.Berserk, began, 16.8218, false},
		{"an hour later", casefile.Berserk, began.Add(time.Hour), 16.8201, false},
		{"another type at the place is linked", casefile.Confinement, began, 16.8201, true},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := f.joinOrLink(f.placed(f.report(fmt.Sprintf("V%d", i), tt.typ, tt.at), tt.lat, 100.26))
			if r.Lead != "" || r.Earlier != "" {
				t.Errorf("joined: %+v", r)
			}
			if linked := len(r.Linked) == 1 && r.Linked[0] == lead.ID; linked != tt.link {
				t.Errorf("linked to %v", r.Linked)
			}
		})
	}
}

func TestNobodyJoinsAJoinedReport(t *testing.T) {
	f := setup(t)
	lead := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	f.joinOrLink(lead)
	second := f.placed(f.report("U2", casefile.Berserk, began), 16.8212, 100.26) // 133 m
	if r := f.joinOrLink(second); r.Lead != lead.ID {
		t.Fatalf("%+v", r)
	}
	third := f.placed(f.report("U3", casefile.Berserk, began), 16.8224, 100.26) // near the second, not near the lead
	if r := f.joinOrLink(third); r.Lead != "" {
		t.Errorf("a chain: %+v", r)
	}
	// Once a person has taken the second out, it stands, and others may join it.
	second = f.record(second, casefile.Event{Kind: casefile.JoinAsked, Case: lead.ID})
	second = f.record(second, casefile.Event{Kind: casefile.Joined, Case: lead.ID})
	second = f.record(second, casefile.Event{Kind: casefile.Split, Case: lead.ID})
	if r := f.joinOrLink(lead); r.Lead != "" {
		t.Errorf("a lead joins a later one when it asks again: %+v", r)
	}
	fourth := f.placed(f.report("U4", casefile.Berserk, began), 16.8212, 100.2608) // 85 m from the second, 158 m from the lead
	if r := f.joinOrLink(fourth); r.Lead != second.ID {
		t.Errorf("after the split: %+v, want %s", r, second.ID)
	}
}

func TestAnAlarmAtTheSamePlaceAfterControlRingsAgain(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.members(officer("m1", "st", 16.8, 100.2))
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	f.joinOrLink(c)
	by := casefile.Actor{Kind: casefile.ByMember, ID: "m1"}
	c = f.record(f.asked(c, "m1"), accepts("m1"), casefile.Event{Kind: casefile.Arrived, By: by}, casefile.Event{Kind: casefile.SceneStopped, By: by})

	again := f.placed(f.report("U1", casefile.Berserk, began.Add(2*time.Hour)), 16.8201, 100.26)
	for range 2 {
		r := f.joinOrLink(again)
		if r.Earlier != c.ID || r.Lead != "" || r.EarlierInbox != 2 {
			t.Errorf("%+v", r)
		}
	}
	third := f.placed(f.report("U2", casefile.Berserk, began.Add(2*time.Hour)), 16.8201, 100.26)
	if r := f.joinOrLink(third); r.Lead != again.ID {
		t.Errorf("a second report of the new alarm: %+v", r)
	}
	late := f.placed(f.report("U3", casefile.Gathering, began.Add(30*time.Hour)), 16.8201, 100.26)
	if r := f.joinOrLink(late); r.Earlier != "" || r.Lead != "" {
		t.Errorf("after a day: %+v", r)
	}
}
