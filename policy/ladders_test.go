package policy

import (
	"slices"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// manned is a unit of a level with a desk that can be reached.
func manned(level casefile.Level, province string) (casefile.Unit, RosterDesk) {
	id := casefile.UnitID(string(level) + province)
	return casefile.Unit{ID: id, Level: level, Province: province, State: casefile.UnitLive}, RosterDesk{Unit: id, Level: level, Verified: true, Answered: true}
}

func TestLaddersThatEndAtNobodyAreFound(t *testing.T) {
	var units []casefile.Unit
	var desks []RosterDesk
	for _, level := range []casefile.Level{casefile.LevelDesk, casefile.LevelHUSEC, casefile.LevelRTPNational} {
		u, d := manned(level, "")
		units, desks = append(units, u), append(desks, d)
	}
	if ends := EndsAtNobody(Default(), units, desks, []string{"65"}); len(ends) != 0 {
		t.Errorf("everything ends at the nation, and yet %+v", ends)
	}

	without := func(l casefile.Level) []RosterDesk {
		return slices.DeleteFunc(slices.Clone(desks), func(d RosterDesk) bool { return d.Level == l })
	}
	// The last of POLICE is RTP_NATIONAL and HUSEC: one of them is enough.
	if ends := EndsAtNobody(Default(), units, without(casefile.LevelRTPNational), []string{"65"}); len(ends) != 0 {
		t.Errorf("HUSEC is there, and yet %+v", ends)
	}
	// 1669 ends at the desk, wherever; MSDHS of a LIVE province at HUSEC and the ministry, CHILD_WORKER and every hand-over at HUSEC.
	ends := EndsAtNobody(Default(), units, without(casefile.LevelDesk), []string{"65"})
	if want := []LadderEnd{{Role: casefile.Medical, Levels: []casefile.Level{casefile.LevelDesk}}}; !slices.EqualFunc(ends, want, sameEnd) {
		t.Errorf("without the desk: %+v", ends)
	}
	ends = EndsAtNobody(Default(), units, without(casefile.LevelHUSEC), []string{"65"})
	for _, want := range []LadderEnd{
		{Role: casefile.MSDHS, Levels: []casefile.Level{casefile.LevelHUSEC, casefile.LevelMSDHSNational}},
		{Role: casefile.ChildWorker, Levels: []casefile.Level{casefile.LevelHUSEC}},
		{Levels: []casefile.Level{casefile.LevelHUSEC}},
	} {
		if !slices.ContainsFunc(ends, func(e LadderEnd) bool { return sameEnd(e, want) }) {
			t.Errorf("%+v is not found in %+v", want, ends)
		}
	}
	if slices.ContainsFunc(ends, func(e LadderEnd) bool { return e.Province != "" }) {
		t.Errorf("what is wrong with the nation is told by province: %+v", ends)
	}

	units[0].State = casefile.UnitClosed
	if ends := EndsAtNobody(Default(), units, desks, nil); len(ends) == 0 {
		t.Error("a desk of a closed unit counts")
	}
}

func sameEnd(a, b LadderEnd) bool {
	return a.Province == b.Province && a.Role == b.Role && slices.Equal(a.Levels, b.Levels)
}
