package postgres_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/dispatch"
	"github.com/ess-thailand/ess/postgres"
)

func TestTheNearestAreTrulyTheNearest(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	rng := rand.New(rand.NewPCG(1, 2))
	roles := []casefile.Role{casefile.Police, casefile.Police, casefile.Police, casefile.MSDHS, casefile.ChildWorker}
	list := make([]postgres.Member, 20_000)
	for i := range list {
		lat, lon := 6+rng.Float64()*14, 98+rng.Float64()*7
		if i%3 > 0 { // a town
			lat, lon = 16.82+rng.NormFloat64()*0.05, 100.26+rng.NormFloat64()*0.05
		}
		m := officer(fmt.Sprintf("m%05d", i), "st", lat, lon)
		m.Name, m.LINE, m.Role = "", "", roles[i%len(roles)]
		m.OnDuty = i%4 > 0
		if i%11 == 0 {
			m.State = casefile.MemberSuspended
		}
		if i%97 == 0 {
			m.Level = casefile.LevelStation
		}
		list[i] = m
	}
	f.members(list...)
	f.mustSQL(`ANALYZE members`)

	for i := range 60 {
		q := activities.NearQuery{Pin: *pin(16.82+rng.NormFloat64()*0.1, 100.26+rng.NormFloat64()*0.1), Role: roles[i%len(roles)], K: 10, At: began}
		switch i % 4 {
		case 0:
			q.Pin = *pin(7+rng.Float64()*12, 99+rng.Float64()*5)
		case 1:
			q.WithinM = 800
		case 2:
			q.WithinM, q.K = 40_000, 50
		}
		got, err := f.Nearest(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := bruteForce(list, q)
		if ids := ids(got); !slices.Equal(ids, want) {
			t.Errorf("query %d: got %v, want %v", i, ids, want)
		}
		for _, c := range got {
			if m := int(math.Round(q.Pin.MetresTo(c.Lat, c.Lon))); c.Metres != m {
				t.Errorf("%s at %d m, want %d", c.ID, c.Metres, m)
			}
		}
	}
}

func ids(list []dispatch.Candidate) []casefile.MemberID {
	out := []casefile.MemberID{}
	for _, c := range list {
		out = append(out, c.ID)
	}
	return out
}

func bruteForce(list []postgres.Member, q activities.NearQuery) []casefile.MemberID {
	type at struct {
		id     casefile.MemberID
		metres float64
	}
	var all []at
	for _, m := range list {
		d := q.Pin.MetresTo(m.Lat, m.Lon)
		if m.OnDuty && m.State == casefile.MemberActive && !m.Desk() && m.Role == q.Role && (q.WithinM == 0 || d <= float64(q.WithinM)) {
			all = append(all, at{m.ID, d})
		}
	}
	slices.SortFunc(all, func(a, b at) int { return cmp.Compare(a.metres, b.metres) })
	out := []casefile.MemberID{}
	for _, a := range all[:min(q.K, len(all))] {
		out = append(out, a.id)
	}
	return out
}

func TestACandidateComesWithWhatTheChoiceDependsOn(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.unit("kin", casefile.LevelStation, 16.8, 100.2)
	free, busy, kin := officer("free", "st", 16.821, 100.26), officer("busy", "st", 16.822, 100.26), officer("kin1", "kin", 16.823, 100.26)
	named, mute := officer("named", "st", 16.824, 100.26), officer("mute", "st", 16.825, 100.26)
	free.RestUntil, free.Female, mute.LINE = began.Add(time.Hour), true, ""
	f.members(free, busy, kin, named, mute)
	c := f.placed(f.report("U1", casefile.Berserk, began), 16.82, 100.26)
	other := f.record(f.asked(f.placed(f.report("U2", casefile.Berserk, began), 16.9, 100.26), "busy"), accepts("busy"))
	by := casefile.Actor{Kind: casefile.ByOperator, ID: "op"}
	for range 2 {
		if err := f.AddConflict(t.Context(), c.ID, "", "kin", by, began); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.AddConflict(t.Context(), c.ID, "named", "", by, began); err != nil {
		t.Fatal(err)
	}
	got, err := f.Nearest(t.Context(), activities.NearQuery{Pin: *c.Private.Pin, Role: casefile.Police, K: 10, Case: c.ID})
	if err != nil || len(got) != 5 {
		t.Fatalf("%v, %v", ids(got), err)
	}
	if m := got[0]; !m.RestUntil.Equal(began.Add(time.Hour)) || !m.Female || !m.Reachable || m.Conflicted || m.Assigned != "" || !m.FixedAt.Equal(began) {
		t.Errorf("free: %+v", m)
	}
	if got[1].Assigned != other.ID {
		t.Errorf("busy: %+v", got[1])
	}
	if !got[2].Conflicted || !got[3].Conflicted {
		t.Errorf("conflicts: %+v %+v", got[2], got[3])
	}
	if got[4].Reachable {
		t.Errorf("without an account: %+v", got[4])
	}
}

func TestDesksAnswerForTheirStationProvinceRegionOrTheNation(t *testing.T) {
	f := setup(t)
	if err := f.UpsertProvinces(t.Context(), []postgres.Province{{Code: "65", Region: "P6"}, {Code: "50", Region: "P5"}}); err != nil {
		t.Fatal(err)
	}
	units := []casefile.Unit{
		{ID: "st1", Level: casefile.LevelStation, Province: "65", Region: "P6"},
		{ID: "st2", Level: casefile.LevelStation, Province: "65", Region: "P6"},
		{ID: "radio65", Level: casefile.LevelRadio191, Province: "65", Region: "P6"},
		{ID: "radio50", Level: casefile.LevelRadio191, Province: "50", Region: "P5"},
		{ID: "p6", Level: casefile.LevelPoliceRegion, Region: "P6"},
		{ID: "p5", Level: casefile.LevelPoliceRegion, Region: "P5"},
		{ID: "msdhs65", Level: casefile.LevelMSDHSDuty, Province: "65"},
		{ID: "desk", Level: casefile.LevelDesk},
		{ID: "old", Level: casefile.LevelDesk, State: casefile.UnitClosed},
	}
	var desks []postgres.Member
	for i := range units {
		if units[i].State == "" {
			units[i].State = casefile.UnitLive
		}
		m := officer("d-"+string(units[i].ID), string(units[i].ID), 0, 0)
		m.Level = units[i].Level
		desks = append(desks, m)
	}
	head := officer("d-head", "msdhs65", 0, 0) // one office, two levels
	head.Level = casefile.LevelMSDHSProvince
	if err := f.UpsertUnits(t.Context(), units); err != nil {
		t.Fatal(err)
	}
	f.members(append(desks, head)...)

	at := casefile.Place{Province: "65", District: "6501"}
	tests := []struct {
		level casefile.Level
		at    casefile.Place
		want  []casefile.MemberID
	}{
		{casefile.LevelStation, at, []casefile.MemberID{"d-st1"}},
		{casefile.LevelRadio191, at, []casefile.MemberID{"d-radio65"}},
		{casefile.LevelPoliceRegion, at, []casefile.MemberID{"d-p6"}},
		{casefile.LevelMSDHSDuty, at, []casefile.MemberID{"d-msdhs65"}},
		{casefile.LevelMSDHSProvince, at, []casefile.MemberID{"d-head"}},
		{casefile.LevelDesk, at, []casefile.MemberID{"d-desk"}},
		{casefile.LevelDesk, casefile.Place{}, []casefile.MemberID{"d-desk"}},
		{casefile.LevelRadio191, casefile.Place{}, []casefile.MemberID{}},
		{casefile.LevelShelter, at, []casefile.MemberID{}},
		{"", at, []casefile.MemberID{}},
	}
	for _, tt := range tests {
		got, err := f.Desks(t.Context(), tt.level, tt.at, "st1", "")
		if err != nil || !slices.Equal(ids(got), tt.want) {
			t.Errorf("%s in %q: %v, %v; want %v", tt.level, tt.at.Province, ids(got), err, tt.want)
		}
	}
	found, err := f.RosterDesks(t.Context(), time.Time{})
	if err != nil || len(found) != len(desks)+1 || found[0].Verified {
		t.Errorf("roster %+v, %v", found, err)
	}
}

func TestTheStationIsTheNamedOneElseTheNearestLiveOne(t *testing.T) {
	f := setup(t)
	here, at := *pin(16.82, 100.26), casefile.Place{Province: "65", District: "6501"}
	if _, _, err := f.Station(t.Context(), here, at); err == nil {
		t.Error("a station out of nothing")
	}
	f.unit("near", casefile.LevelStation, 16.83, 100.26)
	f.unit("middle", casefile.LevelStation, 16.85, 100.26)
	f.unit("far", casefile.LevelStation, 16.95, 100.26)
	f.unit("radio", casefile.LevelRadio191, 16.82, 100.26)
	want := func(responsible, next casefile.UnitID) {
		t.Helper()
		r, n, err := f.Station(t.Context(), here, at)
		if err != nil || r != responsible || n != next {
			t.Errorf("%s, then %s, %v; want %s, then %s", r, n, err, responsible, next)
		}
	}
	want("near", "middle")
	if err := f.UpsertStationAreas(t.Context(), []postgres.StationArea{{District: "6501", Unit: "far"}}); err != nil {
		t.Fatal(err)
	}
	want("far", "near")
	if err := f.SetUnitState(t.Context(), "far", casefile.UnitClosed); err != nil {
		t.Fatal(err)
	}
	want("near", "middle")
	if err := f.SetUnitState(t.Context(), "near", casefile.UnitClosed); err != nil {
		t.Fatal(err)
	}
	want("middle", "")
}

func TestAProvinceIsDeskOnlyUntilItIsSwitched(t *testing.T) {
	f := setup(t)
	live := func() bool {
		l, err := f.Live(t.Context(), "65")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if live() {
		t.Error("an unknown province is live")
	}
	provinces := []postgres.Province{{Code: "65", Region: "P6"}}
	if err := f.UpsertProvinces(t.Context(), provinces); err != nil || live() {
		t.Errorf("a new province is live, %v", err)
	}
	if err := f.SetProvinceMode(t.Context(), "65", true); err != nil || !live() {
		t.Errorf("not live, %v", err)
	}
	if err := f.UpsertProvinces(t.Context(), provinces); err != nil || !live() {
		t.Errorf("a second seed switched it off, %v", err)
	}
	if err := f.SetProvinceMode(t.Context(), "99", true); err == nil {
		t.Error("no such province was switched")
	}
}

func TestReasonsAreKeptAndReplacedByALaterPlan(t *testing.T) {
	f := setup(t)
	c := f.report("U1", casefile.Berserk, began)
	first := []dispatch.Choice{{Member: "a", Metres: 10, Chosen: true, Why: "CHOSEN_NEAREST"}, {Member: "b", Metres: 20, Why: "RESTING", Minutes: 40}}
	choose := func(seq int, role casefile.Role, choices []dispatch.Choice) {
		t.Helper()
		if err := f.Chosen(t.Context(), c.ID, []activities.Chosen{{Seq: seq, Role: role, Choices: choices}}); err != nil {
			t.Fatal(err)
		}
	}
	choose(2, casefile.Police, first)
	second := []dispatch.Choice{{Member: "b", Metres: 20, Chosen: true, Why: "CHOSEN_NEAREST"}}
	for _, choices := range [][]dispatch.Choice{second, second} {
		choose(2, casefile.Police, choices)
	}
	choose(3, casefile.Medical, first)
	waves, err := f.Choices(t.Context(), c.ID)
	if err != nil || len(waves) != 2 {
		t.Fatalf("%+v, %v", waves, err)
	}
	if !slices.Equal(waves[0].Choices, second) || waves[1].Seq != 3 || waves[1].Role != casefile.Medical || !slices.Equal(waves[1].Choices, first) {
		t.Errorf("%+v", waves)
	}
}

func TestPositionsMoveInOneStatementAndOnlyForward(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	off := officer("off", "st", 16.8, 100.2)
	off.OnDuty = false
	f.members(officer("m1", "st", 16.8, 100.2), officer("m2", "st", 16.8, 100.2), off)
	later := began.Add(time.Minute)
	n, err := f.SetPositions(t.Context(), []postgres.Position{
		{Member: "m1", Lat: 17, Lon: 101, At: later}, {Member: "m1", Lat: 16.9, Lon: 101, At: began},
		{Member: "m2", Lat: 0, Lon: 0, At: later}, {Member: "off", Lat: 17, Lon: 101, At: later},
	})
	if err != nil || n != 1 {
		t.Errorf("%d moved, %v", n, err)
	}
	if _, err := f.SetPositions(t.Context(), []postgres.Position{{Member: "m1", Lat: 15, Lon: 101, At: began}}); err != nil {
		t.Fatal(err)
	}
	m, err := f.Member(t.Context(), "m1")
	if err != nil || m.Lat != 17 {
		t.Errorf("%+v, %v", m, err)
	}
	got, err := f.Nearest(t.Context(), activities.NearQuery{Pin: *pin(17, 101), Role: casefile.Police, K: 1})
	if err != nil || len(got) != 1 || got[0].ID != "m1" || got[0].Metres != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCrossingBatchesOfPositionsAllArrive(t *testing.T) {
	f := setup(t)
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	var list []postgres.Member
	for i := range 300 {
		list = append(list, officer(fmt.Sprintf("m%03d", i), "st", 16.8, 100.2))
	}
	f.members(list...)
	f.warm()
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			var batch []postgres.Position
			for _, i := range rand.Perm(len(list)) {
				batch = append(batch, postgres.Position{Member: list[i].ID, Lat: 17, Lon: 101, At: began.Add(time.Minute)})
			}
			if n, err := f.SetPositions(t.Context(), batch); err != nil || n != len(list) {
				t.Errorf("%d moved, %v", n, err)
			}
		})
	}
	group.Wait()
}
