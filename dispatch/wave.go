package dispatch

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// Reason codes of a choice. They are stored with the case.
const (
	ChosenNearest         = "CHOSEN_NEAREST"
	ChosenFemalePreferred = "CHOSEN_FEMALE_PREFERRED" // goes before a nearer man
	ChosenCameLate        = "CHOSEN_CAME_LATE"        // said yes before, when the crew was complete
	ChosenDesk            = "CHOSEN_DESK"
	WrongRole             = "WRONG_ROLE"
	NotActive             = "NOT_ACTIVE"
	ClassNotSent          = "CLASS_NOT_SENT"
	Conflict              = "CONFLICT"
	Declined              = "DECLINED"
	AlreadyAsked          = "ALREADY_ASKED"
	AssignedElsewhere     = "ASSIGNED_ELSEWHERE"
	OffDuty               = "OFF_DUTY"
	Resting               = "RESTING"        // Minutes: of rest left
	NoContact             = "NO_CONTACT"     // no working way to reach them
	StalePosition         = "STALE_POSITION" // Minutes: its age; 0: never known
	TooFar                = "TOO_FAR"
	WaveFull              = "WAVE_FULL" // could be asked, and is next
)

// Rule is everything a wave depends on beside the candidates.
type Rule struct {
	Role  casefile.Role
	Type  casefile.IncidentType
	State casefile.State
	Child bool
	At    time.Time // case time

	Needed        int     // people still missing in the crew
	Target        float64 // chance that so many accept
	PriorYes      float64 // what is expected before anything is measured:
	PriorAsked    float64 // as if so many of so many had accepted
	MeasuredYes   int     // what was measured in this area, at this hour, of this role
	MeasuredAsked int
	Max           int // most people asked at once; never fewer than needed
	Fixed         int // above 0: always so many, to compare with

	Fresh       time.Duration // a position older than this is not a position
	WithinM     int           // 0: no limit
	FemaleLeadM int           // SEXUAL_RISK: a woman goes before a man who is up to so much nearer

	AlreadyAsked []casefile.MemberID // have an open offer
	Declined     []casefile.MemberID // said no, or were stood down
	First        []casefile.MemberID // said yes when the crew was complete: they go before all others, however far they are
}

// Wave gives every candidate a verdict, in the order in which they come into question: first who said yes before, then
// nearest first, with women before men about as near where that is preferred. The chosen are the wave, in the order of asking.
func Wave(candidates []Candidate, r Rule) []Choice {
	lead := 0
	if r.Type == casefile.SexualRisk {
		lead = r.FemaleLeadM
	}
	ranked := slices.Clone(candidates)
	slices.SortFunc(ranked, func(a, b Candidate) int {
		return cmp.Or(r.before(a, b), cmp.Compare(a.rank(lead), b.rank(lead)), cmp.Compare(a.Metres, b.Metres), strings.Compare(string(a.ID), string(b.ID)))
	})
	choices := make([]Choice, len(ranked))
	left := Size(r)
	for i, c := range ranked {
		choices[i] = r.judge(c)
		switch {
		case choices[i].Why != "":
		case left == 0:
			choices[i].Why = WaveFull
		default:
			choices[i].Chosen, choices[i].Why = true, ChosenNearest
			left--
		}
	}
	nearest := math.MaxInt // of those behind who could be asked
	for i := len(ranked) - 1; i >= 0; i-- {
		switch {
		case choices[i].Chosen && slices.Contains(r.First, ranked[i].ID):
			choices[i].Why = ChosenCameLate
		case choices[i].Chosen && ranked[i].Metres > nearest:
			choices[i].Why = ChosenFemalePreferred
		}
		if choices[i].Chosen || choices[i].Why == WaveFull {
			nearest = min(nearest, ranked[i].Metres)
		}
	}
	return choices
}

// before puts who said yes before in front of the others.
func (r Rule) before(a, b Candidate) int {
	behind := func(c Candidate) int {
		if slices.Contains(r.First, c.ID) {
			return 0
		}
		return 1
	}
	return cmp.Compare(behind(a), behind(b))
}

// rank is the distance that the order goes by.
func (c Candidate) rank(lead int) int {
	if c.Female {
		return c.Metres - lead
	}
	return c.Metres
}

// judge says why a candidate cannot be asked; Why is empty for one who can.
func (r Rule) judge(c Candidate) Choice {
	choice := Choice{Member: c.ID, Metres: c.Metres}
	switch age := r.At.Sub(c.FixedAt); {
	case c.Role != r.Role || c.Desk():
		choice.Why = WrongRole
	case c.State != casefile.MemberActive:
		choice.Why = NotActive
	case !r.sends(c.Class):
		choice.Why = ClassNotSent
	case c.Conflicted:
		choice.Why = Conflict
	case slices.Contains(r.Declined, c.ID):
		choice.Why = Declined
	case slices.Contains(r.AlreadyAsked, c.ID):
		choice.Why = AlreadyAsked
	case c.Assigned != "":
		choice.Why = AssignedElsewhere
	case !c.OnDuty:
		choice.Why = OffDuty
	case c.RestUntil.After(r.At):
		choice.Why, choice.Minutes = Resting, minutes(c.RestUntil.Sub(r.At))
	case !c.Reachable:
		choice.Why = NoContact
	case c.FixedAt.IsZero():
		choice.Why = StalePosition
	case r.Fresh > 0 && age > r.Fresh:
		choice.Why, choice.Minutes = StalePosition, minutes(age)
	case r.WithinM > 0 && c.Metres > r.WithinM && !slices.Contains(r.First, c.ID):
		choice.Why = TooFar
	}
	return choice
}

// sends reports whether a class may be sent to this incident at all: beyond the law of the scene, nobody but
// professionals comes near a sexual or a child's case.
func (r Rule) sends(c casefile.Class) bool {
	if r.Type == casefile.SexualRisk || r.Child {
		return c == casefile.Professional || c == casefile.Supervisor
	}
	return c.MayGoToScene(r.State)
}

// minutes rounds up, so that a rest or an age is never told shorter than it is.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

// Desks gives every duty desk a verdict. A level's desks are asked together: nobody waits for one of them.
func Desks(desks []Candidate, declined []casefile.MemberID) []Choice {
	choices := make([]Choice, len(desks))
	for i, c := range desks {
		choices[i] = Choice{Member: c.ID, Metres: c.Metres}
		switch {
		case !c.Desk():
			choices[i].Why = WrongRole
		case c.State != casefile.MemberActive:
			choices[i].Why = NotActive
		case c.Class != casefile.Professional && c.Class != casefile.Supervisor:
			choices[i].Why = ClassNotSent
		case c.Conflicted:
			choices[i].Why = Conflict
		case slices.Contains(declined, c.ID):
			choices[i].Why = Declined
		case !c.OnDuty:
			choices[i].Why = OffDuty
		case !c.Reachable:
			choices[i].Why = NoContact
		default:
			choices[i].Chosen, choices[i].Why = true, ChosenDesk
		}
	}
	return choices
}

// Size is the smallest number of people of whom at least Needed accept with a chance of at least Target, if each
// accepts with the chance that prior and measurement give together; at most Max.
func Size(r Rule) int {
	if r.Needed <= 0 {
		return 0
	}
	if r.Fixed > 0 {
		return r.Fixed
	}
	most := max(r.Max, r.Needed)
	yes := acceptance(r)
	fewer := make([]float64, r.Needed) // fewer[k]: chance that exactly k of those asked accept
	fewer[0] = 1
	for n := 1; n <= most; n++ {
		for k := r.Needed - 1; k > 0; k-- {
			fewer[k] = fewer[k]*(1-yes) + fewer[k-1]*yes
		}
		fewer[0] *= 1 - yes
		miss := 0.0
		for _, chance := range fewer {
			miss += chance
		}
		if n >= r.Needed && 1-miss >= r.Target {
			return n
		}
	}
	return most
}

// acceptance is the chance that one person accepts; 0 when nothing is known.
func acceptance(r Rule) float64 {
	asked := float64(r.MeasuredAsked) + r.PriorAsked
	if !(asked > 0) {
		return 0
	}
	return min(1, max(0, (float64(r.MeasuredYes)+r.PriorYes)/asked))
}

// reasons are the codes in words.
var reasons = map[string][2]string{
	ChosenNearest:         {"เลือก: อยู่ใกล้ที่สุด", "chosen: nearest"},
	ChosenFemalePreferred: {"เลือก: เจ้าหน้าที่หญิง", "chosen: female officer preferred"},
	ChosenCameLate:        {"เลือก: เคยตอบรับไว้เมื่อกำลังครบแล้ว", "chosen: said yes before, when the crew was complete"},
	ChosenDesk:            {"เลือก: หน่วยรับผิดชอบ", "chosen: responsible desk"},
	WrongRole:             {"ข้าม: คนละหน้าที่", "skipped: other role"},
	NotActive:             {"ข้าม: สมาชิกภาพไม่อยู่ในสถานะใช้งาน", "skipped: membership not active"},
	ClassNotSent:          {"ข้าม: ประเภทสมาชิกนี้ไม่ส่งไปเหตุนี้", "skipped: this class of member is not sent to this incident"},
	Conflict:              {"ข้าม: มีส่วนได้เสียกับเหตุ", "skipped: conflict of interest"},
	Declined:              {"ข้าม: ปฏิเสธแล้ว", "skipped: declined"},
	AlreadyAsked:          {"ข้าม: ถามไปแล้ว รอคำตอบ", "skipped: already asked"},
	AssignedElsewhere:     {"ข้าม: ปฏิบัติงานในเหตุอื่น", "skipped: on another case"},
	OffDuty:               {"ข้าม: ไม่ได้เข้าเวร", "skipped: off duty"},
	NoContact:             {"ข้าม: ไม่มีช่องทางติดต่อที่ใช้ได้", "skipped: no working contact"},
	TooFar:                {"ข้าม: อยู่ไกลเกินกำหนด", "skipped: too far away"},
	WaveFull:              {"ข้าม: รอบนี้ครบแล้ว อยู่ลำดับถัดไป", "skipped: wave complete, next in line"},
}

// Explain says a choice in words for people.
func Explain(c Choice, l casefile.Language) string {
	th, en := reasons[c.Why][0], reasons[c.Why][1]
	switch {
	case c.Why == Resting:
		th, en = fmt.Sprintf("ข้าม: พักอีก %d นาที", c.Minutes), fmt.Sprintf("skipped: resting, %d min left", c.Minutes)
	case c.Why == StalePosition && c.Minutes == 0:
		th, en = "ข้าม: ไม่ทราบตำแหน่ง", "skipped: position unknown"
	case c.Why == StalePosition:
		th, en = fmt.Sprintf("ข้าม: ตำแหน่งเก่า %d นาที", c.Minutes), fmt.Sprintf("skipped: position %d min old", c.Minutes)
	case th == "":
		return c.Why // of a newer program; better than nothing
	}
	if l == casefile.English {
		return en
	}
	return th
}
