package smoke

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/workflows"
)

// One tap and a pin: the nearest officer and the station hear it, the reporter
// hears who has it and when they come, and it ends with an office that owns it.
func TestOneTapReachesTheNearestOfficer(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 900})
	mali := h.citizen("mali")

	id := mali.reports(casefile.Gathering, h.pin)
	h.desk(casefile.LevelStation).hears("ack")
	ann := h.people["ann"]
	ann.hears("accept")
	ann.presses(casefile.ActAccept)
	ann.hears("depart")
	mali.hears("นาที") // M2
	h.comesTo(id, casefile.Assigned)
	ann.presses(casefile.ActDepart)
	h.comesTo(id, casefile.EnRoute)
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	ann.presses(casefile.ActControl)
	duty := h.desk(casefile.LevelMSDHSDuty)
	duty.hears("take_over")
	duty.presses(casefile.ActTakeOver)
	h.comesTo(id, casefile.FollowUp)
	h.record(id, "one-tap-to-follow-up")
}

// Nobody answers: every rung of the ladder rings, none before its time, up to the
// national centre, and goes on ringing.
func TestSilenceClimbsToTheNationalCentre(t *testing.T) {
	h := startOwn(t, 60)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	want := []time.Duration{0, 60 * time.Second, 120 * time.Second, 180 * time.Second, 300 * time.Second, 600 * time.Second, 720 * time.Second, 840 * time.Second}
	var rungs []happened
	deadline := time.Now().Add(h.Clock.Wait(16*time.Minute) + patience)
	for len(rungs) < len(want) && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
		rungs = slices.DeleteFunc(h.timeline(id), func(e happened) bool { return e.Kind != casefile.Offered || e.Role != casefile.Police })
	}
	if len(rungs) < len(want) {
		t.Fatalf("only %d rungs rang", len(rungs))
	}
	for i, span := range want { // how late a rung is depends on the machine: `ess simulate` measures it
		early := h.Clock.Wait(span - rungs[i].At.Sub(rungs[0].At))
		if early > time.Second {
			t.Errorf("rung %d rang %s of real time before its second", i, early)
		}
	}
	if r := h.look(id); r.Escalation != 3 {
		t.Errorf("escalation level %d, want 3", r.Escalation)
	}
	h.record(id, "silence-to-the-national-centre")
}

// A decline moves on at once, and who declined hears no more of it.
func TestADeclineMovesOnAtOnce(t *testing.T) {
	h := start(t)
	at := map[string]float64{}
	for i := range 12 {
		at[fmt.Sprintf("officer-%02d", i)] = float64(200 + 50*i)
	}
	h.officers(at)
	mali := h.citizen("mali")
	mali.reports(casefile.Gathering, h.pin)
	first := h.people["officer-00"]
	first.hears("accept")
	asked := func() int {
		n := 0
		for name := range at {
			if len(incoming(h.people[name].Transcript())) > 0 {
				n++
			}
		}
		return n
	}
	before := asked()
	first.presses(casefile.ActDecline)
	h.eventually("somebody else is asked in the place of who declined", func() bool { return asked() > before })
	first.hears("")
	first.hearsNothingFor(40 * time.Second)
}

// The second to accept a complete crew is told so, and may go back to bed.
func TestTheSecondToAcceptIsToldSo(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 400})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann, bo := h.people["ann"], h.people["bo"]
	ann.hears("accept")
	bo.hears("accept")
	ann.presses(casefile.ActAccept)
	h.comesTo(id, casefile.Assigned)
	bo.presses(casefile.ActAccept)
	bo.hears("ครบแล้ว")
}

// An officer who accepted and does not come is kept, and another is asked beside.
func TestAnOfficerWhoDoesNotArriveIsReplaced(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.hears("accept")
	ann.presses(casefile.ActAccept)
	h.comesTo(id, casefile.Assigned)
	ann.hears("depart")
	h.eventually("the search is reopened", func() bool {
		return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.SearchReopened })
	})
	if s := h.look(id).State; s != casefile.Assigned {
		t.Errorf("the case stands at %s: the first officer was dropped", s)
	}
}

// A report without a place reaches a human of the desk.
func TestAReportWithoutAPinReachesAHuman(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.taps(casefile.Berserk, false)
	mali.hears("cancel")
	id := h.caseOf(mali)
	h.eventually("the desk is asked", func() bool {
		return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.DeskRaised })
	})
	status, raw := h.request("somsri", http.MethodPost, "/v1/cases/"+string(id)+"/commands/take-desk", struct{}{})
	if status/100 != 2 {
		t.Fatalf("taking the desk item: %d %s", status, raw)
	}
}

// (0,0) and a pin abroad are answered with a question and a human, never dropped.
func TestABadPinReachesAHuman(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	mali.taps(casefile.ThreatAssault, false)
	mali.hears("cancel")
	id := h.caseOf(mali)
	mali.sends(casefile.Pin{})
	mali.hears("")
	h.eventually("the desk is asked", func() bool {
		return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.DeskRaised })
	})
	mali.sends(h.pin)
	h.desk(casefile.LevelStation).hears("ack")
}

// A quiet report shows nothing that was not asked for: every clock and every
// answer of the responders passes, and the phone stays silent.
func TestAQuietReportShowsNothing(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 400})
	mali := h.citizen("mali")
	mali.taps("", true)
	mali.hears("ได้รับข้อมูลแล้ว")
	mali.sends(h.pin)
	mali.hears("ได้รับข้อมูลแล้ว")
	before := len(incoming(mali.Transcript()))
	for _, name := range []string{"ann", "bo"} {
		officer := h.people[name]
		card := officer.hears("accept")
		if !card.Says("ห้ามโทรกลับ") {
			t.Errorf("the card does not say that nobody may call back: %v", card.Texts)
		}
		officer.presses(casefile.ActAccept)
		officer.hears("depart")
		officer.presses(casefile.ActDepart)
		officer.presses(casefile.ActArrive)
		officer.presses(casefile.ActCannotFind)
	}
	time.Sleep(h.Clock.Wait(4 * time.Minute))
	if got := len(incoming(mali.Transcript())); got != before {
		t.Errorf("a quiet phone heard %d unasked messages: %s", got-before, mali.said())
	}
	for _, item := range incoming(mali.Transcript()) {
		if item.Rang {
			t.Errorf("the phone rang: %v", item.Texts)
		}
		for _, word := range []string{"ตำรวจ", "ฉุกเฉิน", "เหตุ", "police", "emergency"} {
			if item.Says(word) || strings.Contains(item.AltText+item.Preview+item.LockScreen, word) {
				t.Errorf("the quiet phone shows %q: %v", word, item.Texts)
			}
		}
	}
	for _, item := range mali.Transcript() {
		if !item.Incoming && item.Shown && item.Type == "postback" {
			t.Errorf("a quiet tap left a bubble: %v", item.Texts)
		}
	}
}

// caseCode is the one thing in which two answers may differ.
var caseCode = regexp.MustCompile("[0-9A-F]{4}-[0-9A-F]{4}")

// Cancelling does not close, and a forced cancel looks the same as a free one.
func TestCancelDoesNotCloseAndDuressLooksTheSame(t *testing.T) {
	h := start(t)
	var answers []string
	for _, name := range []string{"free", "forced"} {
		who := h.citizen(name)
		pin := h.pin
		if name == "forced" {
			pin.Lat += 0.2
		}
		id := who.reports(casefile.Confinement, pin)
		who.presses(casefile.ActCancel)
		h.eventually("the cancel is recorded", func() bool {
			return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.CancelRequested })
		})
		answer := who.hears("")
		answers = append(answers, caseCode.ReplaceAllString(strings.ReplaceAll(string(answer.Message), string(id), ""), ""))
		if s := h.look(id).State; s.Ended() {
			t.Errorf("a cancel ended the case: %s", s)
		}
	}
	if answers[0] != answers[1] {
		t.Errorf("the answers differ:\n%s\n%s", answers[0], answers[1])
	}
}

// Two people report one incident: one ladder rings, each keeps a case, and
// neither can learn of the other. A hundred times at once.
func TestTwoReportersOneLadder(t *testing.T) {
	h := startOwn(t, 1)
	const pairs = 100
	var wg sync.WaitGroup
	ids := make([][2]casefile.CaseID, pairs)
	for i := range pairs {
		pin := h.pin
		pin.Lat += float64(i%10) * 0.012
		pin.Lon += float64(i/10) * 0.012
		for j := range 2 {
			who := h.citizen(fmt.Sprintf("reporter-%d-%d", i, j))
			wg.Add(1)
			go func() {
				defer wg.Done()
				ids[i][j] = who.reports(casefile.Gathering, pin)
			}()
		}
	}
	wg.Wait()
	for i, pair := range ids {
		h.eventually(fmt.Sprintf("pair %d has one ladder", i), func() bool {
			rang, joined := 0, 0
			for _, id := range pair {
				for _, e := range h.timeline(id) {
					if e.Kind == casefile.Offered && e.Role == casefile.Police && e.Step == 1 {
						rang++
					}
					if e.Kind == casefile.Joined {
						joined++
					}
				}
			}
			return rang == 1 && joined == 1
		})
	}
}

// Attacked again after the police left: it rings like a first report, only graver.
func TestAttackedAgainRingsLikeAFirstReport(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	first := mali.reports(casefile.Gathering, h.pin)
	ann := h.people["ann"]
	ann.hears("accept")
	ann.presses(casefile.ActAccept)
	ann.hears("depart")
	ann.presses(casefile.ActArrive)
	h.comesTo(first, casefile.OnScene)
	ann.presses(casefile.ActControl)
	h.desk(casefile.LevelMSDHSDuty).hears("take_over")

	mali.mark = mali.Mark()
	second := mali.reports(casefile.Gathering, h.pin)
	if second == first {
		t.Fatal("the second alarm joined the case that the police had left")
	}
	h.comesTo(second, casefile.Sent)
	h.eventually("the second is graver than a first report", func() bool { return h.look(second).Severity == casefile.Critical })
}

// One witness, two places, two cases.
func TestOneWitnessTwoPlacesTwoCases(t *testing.T) {
	h := start(t)
	wit := h.citizen("witness")
	first := wit.reports(casefile.Gathering, h.pin)
	wit.mark = wit.Mark()
	other := h.pin
	other.Lat += 0.1
	wit.taps(casefile.Berserk, false)
	wit.hears("cancel")
	wit.sends(other)
	h.eventually("there is a second case", func() bool { return h.caseOf(wit) != first })
}

// A case that needs two persons to end is ended by two, not by one twice, and
// leaves its audit trail.
func TestTwoPersonsCloseACriticalCase(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300})
	mali := h.citizen("mali")
	id := mali.reports(casefile.ThreatAssault, h.pin)
	ann := h.people["ann"]
	ann.hears("accept")
	ann.presses(casefile.ActAccept)
	ann.hears("depart")
	ann.presses(casefile.ActArrive)
	h.comesTo(id, casefile.OnScene)
	ann.presses(casefile.ActControl)
	h.desk(casefile.LevelMSDHSDuty).hears("take_over")
	end := map[string]any{"outcome": "NO_SOCIAL_NEED", "reason": "SETTLED"}
	for i, operator := range []string{"somsri", "somsri", "wichai"} {
		status, raw := h.request(operator, http.MethodPost, "/v1/cases/"+string(id)+"/commands/close", end)
		if status/100 != 2 {
			t.Fatalf("close %d by %s: %d %s", i, operator, status, raw)
		}
		if closed := h.look(id).State == casefile.Closed; closed != (i == 2) {
			t.Fatalf("after %d wishes to close, closed is %t", i+1, closed)
		}
	}
	h.record(id, "two-persons-close")
}

// The same webhook five times is one case.
func TestAWebhookDeliveredFiveTimesIsOneCase(t *testing.T) {
	h := startOwn(t, 1)
	if err := h.Platform.SetFaults(lineemu.Faults{Webhook: lineemu.WebhookFaults{Duplicate: 1}}); err != nil {
		t.Fatal(err)
	}
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	time.Sleep(time.Second)
	taps := 0
	for _, e := range h.timeline(id) {
		if e.Kind == casefile.Reported {
			taps++
		}
	}
	if taps != 1 {
		t.Errorf("the case was reported %d times", taps)
	}
}

// Temporal is away for a while: nothing that was reported is lost.
func TestTemporalAwayLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: starts its own servers")
	}
	servers, err := startStackAlone(t)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSystem(servers, 1)
	if err != nil {
		t.Fatal(err)
	}
	h := s.town(t)
	t.Cleanup(s.Stop)
	h.failsOn = func(line string) bool { return !strings.Contains(line, "temporal") && !strings.Contains(line, "nudge") }
	servers.StopTemporal()
	mali := h.citizen("mali")
	mali.taps(casefile.Gathering, false)
	mali.sends(h.pin)
	time.Sleep(3 * time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := servers.StartTemporal(ctx); err != nil {
		t.Fatal(err)
	}
	h.desk(casefile.LevelStation).hearsWithin("ack", time.Minute)
}

// The worker dies in the middle of a wave: nobody is alerted twice, and the case goes on.
func TestAWorkerKilledMidWaveAlertsNobodyTwice(t *testing.T) {
	h := startOwn(t, 5)
	h.failsOn = func(line string) bool { return strings.HasPrefix(line, "api") }
	h.officers(map[string]float64{"ann": 300, "bo": 500, "chai": 700})
	if err := h.Platform.SetFaults(lineemu.Faults{API: []lineemu.APIFault{{Endpoint: "push", Kind: lineemu.Slow, Probability: 1, Delay: 300 * time.Millisecond}}}); err != nil {
		t.Fatal(err)
	}
	mali := h.citizen("mali")
	mali.taps(casefile.Gathering, false)
	mali.hears("cancel")
	mali.sends(h.pin)
	h.eventually("the wave is under way", func() bool { return len(h.Platform.Accepted()) > 2 })
	h.Worker.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := h.StartWorker(ctx, ""); err != nil {
		t.Fatal(err)
	}
	heard := []string{"ann", "bo", "chai"}
	for _, name := range heard { // whoever was cut off is reached by the next try
		h.people[name].hearsWithin("accept", time.Minute)
	}
	h.desk(casefile.LevelStation).hearsWithin("ack", time.Minute)
	for _, name := range heard {
		if got := len(incoming(h.people[name].Transcript())); got != 1 {
			t.Errorf("%s was alerted %d times", name, got)
		}
	}
}

// A workflow that somebody terminated in mid-wave goes on.
func TestATerminatedWorkflowGoesOn(t *testing.T) {
	h := startOwn(t, 20)
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	station := h.desk(casefile.LevelStation)
	station.hears("ack")
	if err := h.temporal.TerminateWorkflow(context.Background(), workflows.EmergencyID(id), "", "by mistake"); err != nil {
		t.Fatal(err)
	}
	station.hearsWithin("ack", time.Minute) // the next rung rings
}

// A case opened under one build rings its next deadline under the next.
func TestANewBuildTakesOver(t *testing.T) {
	h := startOwn(t, 10)
	mali := h.citizen("mali")
	mali.reports(casefile.Gathering, h.pin)
	station := h.desk(casefile.LevelStation)
	station.hears("ack")
	h.Worker.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := h.StartWorker(ctx, "smoke-2"); err != nil {
		t.Fatal(err)
	}
	station.hears("ack")
}

// LINE answers 429 and 500, and loses answers: the alert is late, not lost, and not doubled.
func TestLINEFailingDelaysButLosesNothing(t *testing.T) {
	h := startOwn(t, 1)
	h.officers(map[string]float64{"ann": 300})
	for _, kind := range []lineemu.FaultKind{lineemu.RateLimited, lineemu.ErrorBefore, lineemu.ErrorAfter, lineemu.ResetAfter} {
		if err := h.Platform.FailNext("push", kind, 2); err != nil {
			t.Fatal(err)
		}
	}
	mali := h.citizen("mali")
	mali.reports(casefile.Gathering, h.pin)
	h.people["ann"].hears("accept")
	h.desk(casefile.LevelStation).hears("ack")
	time.Sleep(2 * time.Second)
	if got := len(incoming(h.people["ann"].Transcript())); got != 1 {
		t.Errorf("the officer was alerted %d times", got)
	}
}

// Every province answers: live ones ring their station, the others their radio
// centre and the desk, Bangkok its emergency centre.
func TestProvincesThatAreNotLiveReachTheDesk(t *testing.T) {
	h := start(t)
	mali := h.citizen("mali")
	if err := h.Run("seed", "--desk-only", h.province.Code); err != nil {
		t.Fatal(err)
	}
	id := mali.reports(casefile.ThreatAssault, h.pin)
	h.desk(casefile.LevelRadio191).hears("radio_seen")
	h.eventually("the desk is asked", func() bool {
		return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.DeskRaised })
	})
	if got := incoming(h.desk(casefile.LevelStation).Transcript()); len(got) != 0 {
		t.Errorf("the station of a province that is not live was asked %d times", len(got))
	}
}

// Bad webhooks get the right answer and make no case.
func TestBadWebhooksMakeNoCase(t *testing.T) {
	h := startOwn(t, 1)
	count := func() int {
		status, raw := h.request("somsri", http.MethodGet, "/v1/cases", nil)
		if status != http.StatusOK {
			t.Fatalf("GET cases: %d", status)
		}
		return strings.Count(string(raw), `"reported_at"`)
	}
	before := count()
	good := []byte(`{"destination":"` + h.Platform.BotID() + `","events":[{"type":"unheard_of","mode":"active","timestamp":1790000000000,"webhookEventId":"01HXXXXXXXXXXXXXXXXXXXXXXX","deliveryContext":{"isRedelivery":false}}]}`)
	tests := []struct {
		name string
		body []byte
		sign string
		want int
	}{
		{"forged signature", good, "AAAA", http.StatusUnauthorized},
		{"unknown event", good, h.Platform.Sign(good), http.StatusOK},
		{"no events", []byte(`{"destination":"x","events":[]}`), h.Platform.Sign([]byte(`{"destination":"x","events":[]}`)), http.StatusOK},
		{"huge body", []byte(strings.Repeat("x", 2<<20)), "AAAA", http.StatusRequestEntityTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, err := h.Platform.PostRaw(context.Background(), tt.body, tt.sign)
			if err != nil && tt.want != http.StatusRequestEntityTooLarge {
				t.Fatal(err)
			}
			if err == nil && status != tt.want {
				t.Errorf("answered %d, want %d", status, tt.want)
			}
		})
	}
	if after := count(); after != before {
		t.Errorf("%d cases came of bad webhooks", after-before)
	}
}
