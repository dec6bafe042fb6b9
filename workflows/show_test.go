package workflows

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

var update = flag.Bool("update", false, "write the golden files")

// What a supervisor reads in the Temporal UI, in ten seconds and without
// anything personal: the text passes through logs and URLs.
func TestDetails(t *testing.T) {
	at := time.Date(2026, 1, 5, 20, 0, 0, 0, time.UTC)
	c := casefile.Case{
		ID: "0f8fad5b-d9cb-469f-a165-70867728950e", Version: 7, State: casefile.Sent, Type: casefile.Confinement, Severity: casefile.Critical,
		Quiet: true, NoCall: true, Cancel: true, Place: casefile.Place{Province: "65", District: "6501"}, Station: "station-1", Escalation: 1,
		Private: casefile.Private{Phone: "+66812345678", Text: "canary", Pin: &casefile.Pin{Lat: 16.8211, Lon: 100.2659}},
		Tracks: []casefile.Track{
			{Role: casefile.Police, Crew: 2, Step: 2, Offers: []casefile.Offer{{Member: "m1"}, {Member: "m2"}}, Team: []casefile.Assignment{{Member: "m1", State: casefile.AssignAccepted}}},
			{Role: casefile.MSDHS, Crew: 1, Step: 1, AckedAt: at},
		},
		Clocks: []casefile.Deadline{{Clock: casefile.ClockLadder, Role: casefile.Police, At: at.Add(time.Minute)}},
		Desk:   &casefile.DeskItem{Reason: casefile.DeskCancel, SinceAt: at},
	}
	got := details(c)
	const file = "testdata/details.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("details are\n%s\nwant\n%s", got, want)
	}
}
