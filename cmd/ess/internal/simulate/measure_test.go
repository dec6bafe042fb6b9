package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// happened is an event of a timeline, so many seconds after noon.
func happened(at float64, kind, by, more string) json.RawMessage {
	when := noon.Add(time.Duration(at * float64(time.Second))).Format(time.RFC3339Nano)
	return json.RawMessage(fmt.Sprintf(`{"kind":%q,"at":%q,"by":{"kind":%q}%s}`, kind, when, by, more))
}

func rung(at float64, step int) json.RawMessage {
	return happened(at, "OFFERED", "SYSTEM", fmt.Sprintf(`,"role":"POLICE","step":%d`, step))
}

func filed(id string, events ...json.RawMessage) Filed {
	return Filed{json.RawMessage(`{"id":"` + id + `","code":"` + strings.ToUpper(id) + `","state":"SENT","type":"GATHERING"}`), events}
}

func measured(t *testing.T, lived Lived, cases ...Filed) Result {
	t.Helper()
	platform, err := lineemu.New(lineemu.Options{ChannelSecret: "for the test only"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(platform.Close)
	all := func(string) bool { return true }
	r, err := Measure(Options{Platform: platform}, lived, Export{Speed: 120, Cases: cases}, policy.Default(), all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSpansAreReadFromTheTimeline(t *testing.T) {
	lead := filed("lead", happened(0, "REPORTED", "REPORTER", ""), happened(5, "PIN_SET", "REPORTER", `,"place":{"province":"65","district":"6501"}`),
		rung(6, 1), rung(67, 2), happened(80, "ACKNOWLEDGED", "MEMBER", ""), happened(600, "ARRIVED", "MEMBER", ""))
	joined := filed("more", happened(70, "REPORTED", "REPORTER", ""), happened(71, "JOINED", "SYSTEM", `,"case":"lead"`))
	silent := filed("none", happened(0, "REPORTED", "REPORTER", ""), happened(60, "DESK_RAISED", "SYSTEM", ""))
	taken := filed("desk", happened(0, "REPORTED", "REPORTER", ""), happened(60, "DESK_RAISED", "SYSTEM", ""), happened(310, "DESK_TAKEN", "MEMBER", ""))
	r := measured(t, Lived{}, lead, joined, silent, taken)
	if r.Ack.N != 3 || r.Ack.P50 != 80 || r.Ack.Max != 310 || r.LateReport != 1 {
		t.Errorf("to a human: %+v, %d late", r.Ack, r.LateReport)
	}
	if r.Arrival.N != 2 || r.Arrival.Max != 600 || r.Joined != 1 {
		t.Errorf("to the arrival: %+v, %d joined", r.Arrival, r.Joined)
	}
	if r.Desk.N != 1 || r.Desk.Max != 250 || r.DeskWaiting != 1 {
		t.Errorf("at the desk: %+v, %d still waiting", r.Desk, r.DeskWaiting)
	}
	if len(r.Unowned) != 1 || r.Unowned[0] != "NONE" {
		t.Errorf("unowned: %v", r.Unowned)
	}
	if r.Lag.N != 1 || r.Lag.Max != 1 || !r.Trusted {
		t.Errorf("lag: %+v", r.Lag)
	}
}

func TestALateClockTellsNoPercentiles(t *testing.T) {
	late := filed("late", happened(0, "REPORTED", "REPORTER", ""), rung(1, 1), rung(68, 2), happened(70, "ACCEPTED", "MEMBER", ""))
	r := measured(t, Lived{}, late)
	var text, picture bytes.Buffer
	if r.Text(&text) != nil || r.Picture(&picture) != nil {
		t.Fatal("the report cannot be written")
	}
	if r.Trusted || r.Ack.P50 != 0 || r.Ack.N != 1 || !strings.Contains(text.String(), "No percentiles") || strings.Contains(picture.String(), "p50") {
		t.Errorf("percentiles were told with a lag of %g s of %g s allowed:\n%s", r.Lag.P99, r.LagLimit, text.String())
	}
	killed := Lived{Broken: []Span{{Why: Killed, From: noon, To: noon.Add(time.Second)}}}
	if r := measured(t, killed, late); r.Lag.N != 0 || r.LagBroken.N != 1 || r.Trusted {
		t.Errorf("a rung after a kill was counted among the others: %+v", r.Lag)
	}
}

func TestTheReportSaysWhatOtherNumbersOfOperatorsWouldHaveMeant(t *testing.T) {
	climbed := filed("calm", happened(0, "REPORTED", "REPORTER", ""), rung(1, 1), rung(62, 2), happened(70, "ACCEPTED", "MEMBER", ""))
	at := Served{Took: 5, Busy: 100, Rung: true}
	r := measured(t, Lived{Served: []Served{at, at}}, climbed)
	if len(r.DeskBy) != 4 || r.DeskBy[0].Wait.Max != 105 || r.DeskBy[1].Wait.Max != 5 {
		t.Fatalf("%+v", r.DeskBy)
	}
	var text, picture bytes.Buffer
	if r.Text(&text) != nil || r.Picture(&picture) != nil {
		t.Fatal("the report cannot be written")
	}
	if !strings.Contains(text.String(), "if 1 had worked there") || !strings.Contains(picture.String(), "if so many had worked there") {
		t.Errorf("not told:\n%s", text.String())
	}
}
