package dispatch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"pgregory.net/rapid"
)

var now = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

// officer is somebody who can be asked; the changes say what differs.
func officer(id string, metres int, changes ...func(*Candidate)) Candidate {
	c := Candidate{
		Member: casefile.Member{
			ID: casefile.MemberID(id), Group: casefile.Agency, Class: casefile.Professional, Role: casefile.Police,
			State: casefile.MemberActive, OnDuty: true, FixedAt: now.Add(-time.Minute),
		},
		Metres: metres, Reachable: true,
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func female(c *Candidate) { c.Female = true }

// two asks for two people, as everybody accepts.
func two(changes ...func(*Rule)) Rule {
	r := Rule{
		Role: casefile.Police, Type: casefile.ThreatAssault, State: casefile.New, At: now, Needed: 2,
		Target: 0.9, PriorYes: 1, PriorAsked: 1, Max: 8, Fresh: 30 * time.Minute, WithinM: 15_000, FemaleLeadM: 1000,
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func TestWaveOrder(t *testing.T) {
	sexual := func(r *Rule) { r.Type = casefile.SexualRisk }
	one := func(r *Rule) { r.Needed = 1 }
	late := func(first ...casefile.MemberID) func(*Rule) { return func(r *Rule) { r.First = first } }
	tests := []struct {
		name string
		rule Rule
		give []Candidate
		want string // those asked, in order, with the reason
	}{
		{"the nearest go first", two(), []Candidate{officer("far", 3000), officer("mid", 2000), officer("near", 1000)}, "near CHOSEN_NEAREST, mid CHOSEN_NEAREST"},
		{"of two as near the order is settled", two(one), []Candidate{officer("b", 500), officer("a", 500)}, "a CHOSEN_NEAREST"},
		{"an assault does not prefer women", two(one), []Candidate{officer("man", 500), officer("woman", 600, female)}, "man CHOSEN_NEAREST"},
		{"sexual risk does", two(one, sexual), []Candidate{officer("man", 500), officer("woman", 1400, female)}, "woman CHOSEN_FEMALE_PREFERRED"},
		{"but not from far away", two(one, sexual), []Candidate{officer("man", 500), officer("woman", 1600, female)}, "man CHOSEN_NEAREST"},
		{"who said yes too late goes before everybody nearer", two(late("c")), []Candidate{officer("a", 100), officer("b", 200), officer("c", 900)}, "c CHOSEN_CAME_LATE, a CHOSEN_NEAREST"},
		{"and from beyond the ring", two(one, late("c")), []Candidate{officer("a", 100), officer("c", 20_000)}, "c CHOSEN_CAME_LATE"},
		{"of two of them the nearer", two(one, late("c", "d")), []Candidate{officer("a", 100), officer("c", 900), officer("d", 800)}, "d CHOSEN_CAME_LATE"},
		{"but not off duty", two(one, late("c")), []Candidate{officer("a", 100), officer("c", 900, func(c *Candidate) { c.OnDuty = false })}, "a CHOSEN_NEAREST"},
		{"a woman who is nearest anyway is simply nearest", two(one, sexual), []Candidate{officer("man", 500), officer("woman", 400, female)}, "woman CHOSEN_NEAREST"},
		{
			"a man off duty does not count as nearer", two(one, sexual),
			[]Candidate{officer("man", 500, func(c *Candidate) { c.OnDuty = false }), officer("woman", 600, female)}, "woman CHOSEN_NEAREST",
		},
		{"a complete crew asks nobody", two(func(r *Rule) { r.Needed = 0 }), []Candidate{officer("near", 1)}, ""},
		{"nobody there", two(), nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range Wave(tt.give, tt.rule) {
				if c.Chosen {
					got = append(got, fmt.Sprintf("%s %s", c.Member, c.Why))
				}
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("asked %q, want %q", s, tt.want)
			}
		})
	}
}

func TestWhyNot(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Candidate)
		rule   Rule
		want   string
		th, en string
	}{
		{"another role", func(c *Candidate) { c.Role = casefile.Medical }, two(), WrongRole, "ข้าม: คนละหน้าที่", "skipped: other role"},
		{"suspended", func(c *Candidate) { c.State = casefile.MemberSuspended }, two(), NotActive, "ข้าม: สมาชิกภาพไม่อยู่ในสถานะใช้งาน", "skipped: membership not active"},
		{"a volunteer before control", func(c *Candidate) { c.Class = casefile.Volunteer }, two(), ClassNotSent, "ข้าม: ประเภทสมาชิกนี้ไม่ส่งไปเหตุนี้", "skipped: this class of member is not sent to this incident"},
		{
			"a volunteer to a child's case", func(c *Candidate) { c.Class = casefile.Volunteer },
			two(func(r *Rule) { r.State, r.Child = casefile.Controlled, true }), ClassNotSent, "ข้าม: ประเภทสมาชิกนี้ไม่ส่งไปเหตุนี้", "skipped: this class of member is not sent to this incident",
		},
		{"conflict of interest", func(c *Candidate) { c.Conflicted = true }, two(), Conflict, "ข้าม: มีส่วนได้เสียกับเหตุ", "skipped: conflict of interest"},
		{"declined", nil, two(func(r *Rule) { r.Declined = []casefile.MemberID{"x"} }), Declined, "ข้าม: ปฏิเสธแล้ว", "skipped: declined"},
		{"asked already", nil, two(func(r *Rule) { r.AlreadyAsked = []casefile.MemberID{"x"} }), AlreadyAsked, "ข้าม: ถามไปแล้ว รอคำตอบ", "skipped: already asked"},
		{"on another case", func(c *Candidate) { c.Assigned = "other" }, two(), AssignedElsewhere, "ข้าม: ปฏิบัติงานในเหตุอื่น", "skipped: on another case"},
		{"off duty", func(c *Candidate) { c.OnDuty = false }, two(), OffDuty, "ข้าม: ไม่ได้เข้าเวร", "skipped: off duty"},
		{"resting", func(c *Candidate) { c.RestUntil = now.Add(89 * time.Second) }, two(), Resting, "ข้าม: พักอีก 2 นาที", "skipped: resting, 2 min left"},
		{"no contact", func(c *Candidate) { c.Reachable = false }, two(), NoContact, "ข้าม: ไม่มีช่องทางติดต่อที่ใช้ได้", "skipped: no working contact"},
		{"an old position", func(c *Candidate) { c.FixedAt = now.Add(-47 * time.Minute) }, two(), StalePosition, "ข้าม: ตำแหน่งเก่า 47 นาที", "skipped: position 47 min old"},
		{"no position", func(c *Candidate) { c.FixedAt = time.Time{} }, two(), StalePosition, "ข้าม: ไม่ทราบตำแหน่ง", "skipped: position unknown"},
		{"too far", func(c *Candidate) { c.Metres = 15_001 }, two(), TooFar, "ข้าม: อยู่ไกลเกินกำหนด", "skipped: too far away"},
		{"a duty desk is not near", func(c *Candidate) { c.Level = casefile.LevelStation }, two(), WrongRole, "ข้าม: คนละหน้าที่", "skipped: other role"},
		{"nobody more is needed", nil, two(func(r *Rule) { r.Needed = 0 }), WaveFull, "ข้าม: รอบนี้ครบแล้ว อยู่ลำดับถัดไป", "skipped: wave complete, next in line"},
		{"rest that just ended", func(c *Candidate) { c.RestUntil = now }, two(), ChosenNearest, "เลือก: อยู่ใกล้ที่สุด", "chosen: nearest"},
		{"a position just fresh enough", func(c *Candidate) { c.FixedAt = now.Add(-30 * time.Minute) }, two(), ChosenNearest, "เลือก: อยู่ใกล้ที่สุด", "chosen: nearest"},
		{"a volunteer after control", func(c *Candidate) { c.Class = casefile.Volunteer }, two(func(r *Rule) { r.State = casefile.Controlled }), ChosenNearest, "เลือก: อยู่ใกล้ที่สุด", "chosen: nearest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := officer("x", 100)
			if tt.change != nil {
				tt.change(&c)
			}
			got := Wave([]Candidate{c}, tt.rule)[0]
			if got.Why != tt.want || got.Chosen != (tt.want == ChosenNearest) {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
			if th, en := Explain(got, casefile.Thai), Explain(got, casefile.English); th != tt.th || en != tt.en {
				t.Errorf("explained as %q and %q", th, en)
			}
		})
	}
}

func TestDesks(t *testing.T) {
	desk := func(id string, changes ...func(*Candidate)) Candidate {
		return officer(id, 0, append([]func(*Candidate){func(c *Candidate) { c.Level, c.FixedAt = casefile.LevelHUSEC, time.Time{} }}, changes...)...)
	}
	got := Desks([]Candidate{
		desk("one"), desk("two", func(c *Candidate) { c.Role = casefile.MSDHS }), // a desk answers for its level, whatever the role
		desk("declined"), desk("off", func(c *Candidate) { c.OnDuty = false }), desk("dead", func(c *Candidate) { c.Reachable = false }),
		desk("conflict", func(c *Candidate) { c.Conflicted = true }), desk("gone", func(c *Candidate) { c.State = casefile.MemberExpired }),
		desk("child", func(c *Candidate) { c.Class = casefile.Junior }), officer("person", 10),
	}, []casefile.MemberID{"declined"})
	want := []string{ChosenDesk, ChosenDesk, Declined, OffDuty, NoContact, Conflict, NotActive, ClassNotSent, WrongRole}
	for i, c := range got {
		if c.Why != want[i] || c.Chosen != (c.Why == ChosenDesk) {
			t.Errorf("%s: %+v, want %s", c.Member, c, want[i])
		}
	}
	if Explain(got[0], casefile.English) != "chosen: responsible desk" {
		t.Errorf("explained as %q", Explain(got[0], casefile.English))
	}
}

func TestSize(t *testing.T) {
	size := func(change func(*Rule)) int { return Size(two(change)) }
	tests := []struct {
		name string
		got  int
		want int
	}{
		{"everybody accepts: as many as needed", size(func(*Rule) {}), 2},
		{"three of five, one needed", size(func(r *Rule) { r.Needed, r.PriorYes, r.PriorAsked = 1, 3, 5 }), 3},
		{"three of five, two needed", size(func(r *Rule) { r.PriorYes, r.PriorAsked = 3, 5 }), 5},
		{"half, one needed", size(func(r *Rule) { r.Needed, r.PriorYes, r.PriorAsked = 1, 1, 2 }), 4},
		{"measurement outweighs the prior", size(func(r *Rule) { r.Needed, r.PriorAsked, r.MeasuredYes, r.MeasuredAsked = 1, 2, 95, 98 }), 1},
		{"few accept: no more than the most", size(func(r *Rule) { r.PriorYes, r.PriorAsked = 1, 50 }), 8},
		{"nothing known: the most", size(func(r *Rule) { r.PriorYes, r.PriorAsked = 0, 0 }), 8},
		{"never fewer than needed", size(func(r *Rule) { r.Max = 1 }), 2},
		{"fixed", size(func(r *Rule) { r.Fixed = 5 }), 5},
		{"nobody needed", size(func(r *Rule) { r.Needed, r.Fixed = 0, 5 }), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("asks %d, want %d", tt.got, tt.want)
			}
		})
	}
}

// The chance is the binomial tail, computed here the slow way.
func TestSizeReachesItsTarget(t *testing.T) {
	tail := func(n, needed int, p float64) float64 {
		sum := 0.0
		for k := needed; k <= n; k++ {
			lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
			sum += math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
		}
		return sum
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0.05, 0.95).Draw(t, "p")
		r := Rule{
			Needed: rapid.IntRange(1, 4).Draw(t, "needed"), Target: rapid.Float64Range(0.5, 0.99).Draw(t, "target"),
			PriorYes: p, PriorAsked: 1, Max: 200,
		}
		n := Size(r)
		if got := tail(n, r.Needed, p); got < r.Target-1e-9 {
			t.Fatalf("asking %d gives %.4f, want %.4f", n, got, r.Target)
		}
		if n > r.Needed && tail(n-1, r.Needed, p) > r.Target+1e-9 {
			t.Fatalf("asking %d would be enough", n-1)
		}
		higher := r
		higher.Target = rapid.Float64Range(r.Target, 0.999).Draw(t, "higher")
		if Size(higher) < n {
			t.Fatalf("a higher target asks fewer: %d, then %d", n, Size(higher))
		}
	})
}

func drawCandidate(t *rapid.T, id int) Candidate {
	return Candidate{
		Member: casefile.Member{
			ID:        casefile.MemberID(fmt.Sprintf("m%02d", id)),
			Group:     rapid.SampledFrom(casefile.Groups).Draw(t, "group"),
			Class:     rapid.SampledFrom(casefile.Classes).Draw(t, "class"),
			Role:      rapid.SampledFrom(append([]casefile.Role{""}, casefile.Roles...)).Draw(t, "role"),
			Level:     rapid.SampledFrom([]casefile.Level{"", "", "", casefile.LevelStation, casefile.LevelDesk}).Draw(t, "level"),
			State:     rapid.SampledFrom(append([]casefile.MemberState{casefile.MemberActive, casefile.MemberActive}, casefile.MemberStates...)).Draw(t, "state"),
			OnDuty:    rapid.Bool().Draw(t, "on duty"),
			Female:    rapid.Bool().Draw(t, "female"),
			RestUntil: now.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "rest")) * time.Minute),
			FixedAt:   now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "age")) * time.Minute),
		},
		Metres:     rapid.IntRange(0, 20_000).Draw(t, "metres"),
		Assigned:   rapid.SampledFrom([]casefile.CaseID{"", "", "other"}).Draw(t, "assigned"),
		Conflicted: rapid.Bool().Draw(t, "conflicted"),
		Reachable:  rapid.Bool().Draw(t, "reachable"),
	}
}

// Over every member, type and state: who must never be asked is never asked.
func TestWhoIsNeverAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := two(func(r *Rule) {
			r.Role = rapid.SampledFrom(casefile.Roles).Draw(t, "needs")
			r.Type = rapid.SampledFrom(casefile.IncidentTypes).Draw(t, "type")
			r.State = rapid.SampledFrom(casefile.States).Draw(t, "case")
			r.Child = rapid.Bool().Draw(t, "child")
			r.Needed = rapid.IntRange(0, 4).Draw(t, "needed")
			r.PriorAsked = rapid.Float64Range(1, 5).Draw(t, "asked")
		})
		var give []Candidate
		for i := range rapid.IntRange(0, 30).Draw(t, "n") {
			c := drawCandidate(t, i)
			give = append(give, c)
			switch rapid.IntRange(0, 9).Draw(t, "before") {
			case 0:
				r.Declined = append(r.Declined, c.ID)
			case 1:
				r.AlreadyAsked = append(r.AlreadyAsked, c.ID)
			}
		}
		by := map[casefile.MemberID]Candidate{}
		for _, c := range give {
			by[c.ID] = c
		}
		check := func(what string, choices []Choice, desks bool) {
			if len(choices) != len(give) {
				t.Fatalf("%s: %d verdicts on %d candidates", what, len(choices), len(give))
			}
			for _, choice := range choices {
				c, th := by[choice.Member], Explain(choice, casefile.Thai)
				if th == "" || th == choice.Why || Explain(choice, casefile.English) == choice.Why {
					t.Fatalf("%s: %s is not explained", what, choice.Why)
				}
				if !choice.Chosen {
					continue
				}
				switch {
				case c.Class == casefile.Junior || c.Class == casefile.School:
					t.Fatalf("%s: a %s was asked", what, c.Class)
				case c.Class == casefile.Volunteer && (desks || r.State.BeforeControl() || r.Child || r.Type == casefile.SexualRisk):
					t.Fatalf("%s: a volunteer was asked in %s", what, r.State)
				case c.Conflicted || !c.Reachable || !c.OnDuty || c.State != casefile.MemberActive || slices.Contains(r.Declined, c.ID):
					t.Fatalf("%s: %+v was asked", what, c)
				case c.Desk() != desks:
					t.Fatalf("%s: desk %v", what, c.Desk())
				case !desks && (c.Role != r.Role || c.Assigned != "" || slices.Contains(r.AlreadyAsked, c.ID) ||
					c.RestUntil.After(r.At) || r.At.Sub(c.FixedAt) > r.Fresh || c.Metres > r.WithinM):
					t.Fatalf("%s: %+v was asked", what, c)
				}
			}
		}
		check("desks", Desks(give, r.Declined), true)
		wave := Wave(give, r)
		check("wave", wave, false)

		asked, full, last := 0, 0, math.MinInt
		for _, choice := range wave {
			c := by[choice.Member]
			rank := c.Metres
			if r.Type == casefile.SexualRisk && c.Female {
				rank -= r.FemaleLeadM
			}
			if rank < last {
				t.Fatal("not in the order of distance")
			}
			last = rank
			if choice.Why == WaveFull {
				full++
			}
			if choice.Chosen {
				asked++
				if full > 0 {
					t.Fatal("somebody farther was chosen while a nearer one waits")
				}
			}
		}
		if asked > Size(r) || full > 0 && asked < Size(r) {
			t.Fatalf("asked %d of a wave of %d, and %d more could have been asked", asked, Size(r), full)
		}
		shuffled := rapid.Permutation(give).Draw(t, "shuffled")
		if again := Wave(shuffled, r); !slices.Equal(again, wave) {
			t.Fatal("the wave depends on the order of the candidates")
		}
	})
}

func ExampleWave() {
	candidates := []Candidate{
		officer("on the far side of town", 4200),
		officer("at the bridge", 900),
		officer("at home", 300, func(c *Candidate) { c.OnDuty = false }),
		officer("last seen at noon", 500, func(c *Candidate) { c.FixedAt = now.Add(-47 * time.Minute) }),
		officer("at the market", 1300),
	}
	rule := Rule{
		Role: casefile.Police, Type: casefile.Gathering, State: casefile.New, At: now, Fresh: 30 * time.Minute,
		Needed: 1, Target: 0.9, PriorYes: 3, PriorAsked: 5, MeasuredYes: 30, MeasuredAsked: 40, Max: 8, // 33 of 45 accept
	}
	for _, c := range Wave(candidates, rule) {
		fmt.Printf("%5d m  %-24s %s\n", c.Metres, c.Member, Explain(c, casefile.English))
	}
	// Output:
	//   300 m  at home                  skipped: off duty
	//   500 m  last seen at noon        skipped: position 47 min old
	//   900 m  at the bridge            chosen: nearest
	//  1300 m  at the market            chosen: nearest
	//  4200 m  on the far side of town  skipped: wave complete, next in line
}
