package smoke

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
	"github.com/ess-thailand/ess/lineemu"
)

// deskMobile is a telephone of an operator of the national desk, whose number is proved.
func (h *town) deskMobile() *mobile {
	h.t.Helper()
	var operator string
	h.database(&operator, "SELECT id FROM members WHERE level = 'DESK' AND state = 'ACTIVE' AND on_duty ORDER BY id LIMIT 1")
	m := h.mobile("operator")
	for _, by := range []casefile.Channel{casefile.ChannelSMS, casefile.ChannelVoice} {
		path := "/v1/members/" + operator + "/contacts"
		status, raw := h.request("somsri", http.MethodPost, path, map[string]any{"channel": by, "address": m.number})
		var added struct{ ID string }
		if err := json.Unmarshal(raw, &added); err != nil || status != http.StatusCreated {
			h.t.Fatalf("add a way to the desk: %d %s", status, raw)
		}
		if by == casefile.ChannelVoice {
			break
		}
		if status, raw := h.request("somsri", http.MethodPost, path+"/"+added.ID+"/code", nil); status != http.StatusAccepted {
			h.t.Fatalf("send a code: %d %s", status, raw)
		}
	}
	m.proves()
	return m
}

// showsAlarms tells of a failing test what the watcher has on record.
func (h *town) showsAlarms(m *mobile) {
	h.t.Cleanup(func() {
		if h.t.Failed() {
			var alarms string
			h.database(&alarms, `SELECT coalesce(string_agg(concat_ws(' ', id, kind, subject, rings, answered_by, cleared_at), E'\n' ORDER BY id), '') FROM alarms`)
			h.t.Logf("alarms:\n%s\nthe telephone:%s", alarms, m.said())
		}
	})
}

// promised is how soon a human must hear of a report, whatever is away; real time, for these tests run at its speed.
const promised = 240 * time.Second

// hearsAlarm waits for a message of the watcher with these words, as long as was promised.
func (m *mobile) hearsAlarm(by casefile.Channel, words string) channelemu.Item {
	m.town.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), promised)
	defer cancel()
	item, err := m.Wait(ctx, m.read[string(by)], func(i channelemu.Item) bool {
		return i.Incoming && i.Channel == string(by) && strings.Contains(i.Text, words)
	})
	if err != nil {
		m.town.t.Fatalf("the telephone of %s did not hear %q; it heard %s", m.name, words, m.said())
	}
	return item
}

// LINE refuses everything, Temporal and the worker are dead, and somebody
// reports: the national desk hears it by SMS, takes it by SMS, and the case has
// heard that when they are back.
func TestWithoutLINETemporalAndWorkerTheDeskHearsBySMS(t *testing.T) {
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
	h.failsOn = func(line string) bool {
		return !slices.ContainsFunc([]string{"temporal", "nudge", "line ", "watch"}, func(part string) bool { return strings.Contains(line, part) })
	}
	telephone := h.deskMobile()
	h.showsAlarms(telephone)
	h.watcher()
	if err := h.Platform.SetFaults(lineemu.Faults{API: []lineemu.APIFault{{Kind: lineemu.ErrorBefore, Probability: 1}}}); err != nil {
		t.Fatal(err)
	}
	servers.StopTemporal()
	h.Worker.Kill()
	mali := h.citizen("mali")
	mali.taps(casefile.Gathering, false)
	mali.sends(h.pin)

	alarm := telephone.hearsAlarm(casefile.ChannelSMS, "ระบบยังไม่เริ่มดำเนินการ")
	answer := regexp.MustCompile(`1 A[0-9]+`).FindString(alarm.Text)
	if answer == "" {
		t.Fatalf("the alarm does not say what to answer: %s", alarm.Text)
	}
	telephone.replies(answer)
	h.eventuallyWithin(long, "the watcher has heard the answer", func() bool {
		var n int
		h.database(&n, "SELECT count(*) FROM alarms WHERE kind = 'INBOX_WAITING' AND answered_at IS NOT NULL")
		return n == 1
	})
	telephone.hearsAlarm(casefile.ChannelSMS, "ติดต่อ LINE ไม่ได้") // and that LINE is silent is an alarm that arrives
	var id casefile.CaseID
	h.database(&id, "SELECT subject FROM alarms WHERE kind = 'INBOX_WAITING'")

	if err := h.Platform.SetFaults(lineemu.Faults{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	if err := servers.StartTemporal(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.StartWorker(ctx, ""); err != nil {
		t.Fatal(err)
	}
	h.eventuallyWithin(long, "the case has heard that the operator took it", func() bool {
		return slices.ContainsFunc(h.timeline(id), func(e happened) bool { return e.Kind == casefile.DeskTaken })
	})
	h.desk(casefile.LevelStation).hearsWithin("ack", long) // and its ladder begins
	desk := []*person{h.national("desk-desk-1300-1"), h.national("desk-desk-1300-2")}
	h.eventuallyWithin(long, "who was rung hears in LINE that it is over", func() bool { // the alarm ends by itself
		return slices.ContainsFunc(desk, func(p *person) bool { return p.heard("กลับเป็นปกติแล้ว") })
	})
}

// An alarm that nobody answers in LINE rings the desk by SMS, and then by a call; one key ends it.
func TestAnAlarmThatNobodyAnswersBecomesACall(t *testing.T) {
	h := startOwn(t, 1)
	h.failsOn = func(line string) bool { return strings.HasPrefix(line, "watch") }
	h.rules(map[string]string{
		"repeat: 60s # between": "repeat: 15s # between", "{channel: SMS, after: 60s}": "{channel: SMS, after: 15s}",
		"{channel: VOICE, after: 120s}": "{channel: VOICE, after: 30s}",
	})
	operator, telephone := h.operator(), h.deskMobile()
	h.showsAlarms(telephone)
	h.watcher()
	h.Worker.Kill()
	operator.hearsWithin("worker-silent", long)
	telephone.hearsAlarm(casefile.ChannelSMS, "ระบบดำเนินการหยุดตอบ")
	telephone.hearsAlarm(casefile.ChannelVoice, "ระบบดำเนินการหยุดตอบ")
	telephone.keys("1")
	h.eventuallyWithin(long, "the watcher has heard the key", func() bool {
		var n int
		h.database(&n, "SELECT count(*) FROM alarms WHERE kind = 'WORKER_SILENT' AND answered_at IS NOT NULL")
		return n == 1
	})
}
