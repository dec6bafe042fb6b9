package channel

import (
	"strings"
	"testing"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

const calledCase casefile.CaseID = "6f3a2d90-1c55-4b7e-9a10-5d2f8f6c1e01"

// What a voice gateway posts, as we understand it.
func TestReadCall(t *testing.T) {
	head := `{"id":"e1","call":"c1","to":"+66812345678","reference":"offer/7/` + string(calledCase) + `",`
	base := CallEvent{ID: "e1", Call: "c1", To: "+66812345678", Template: "offer", Case: calledCase, Offer: 7}
	with := func(status CallStatus, reply string) CallEvent {
		e := base
		e.Status, e.Reply = status, reply
		return e
	}
	bare := CallEvent{ID: "e1", Call: "c1", Status: CallKey, Reply: "1"}
	tests := []struct {
		name, body string
		want       CallEvent
	}{
		{"one key", head + `"key":"1"}`, with(CallKey, "1")},
		{"a key that was ended by hash", head + `"key":"1#"}`, with(CallKey, "1")},
		{"a key with minutes", head + `"key":"110#"}`, with(CallKey, "1 10")},
		{"minutes without hash, after a pause", head + `"key":"15"}`, with(CallKey, "1 5")},
		{"in danger", head + `"key":"9"}`, with(CallKey, "9")},
		{"a code of six digits", head + `"key":"123456#"}`, with(CallKey, "123456")},
		{"picked up", head + `"status":"answered"}`, with(CallAnswered, "")},
		{"nobody picked up", head + `"status":"NO_ANSWER"}`, with(CallNoAnswer, "")},
		{"a gateway that gives no reference back", `{"id":"e1","call":"c1","key":"1"}`, bare},
		{"a reference that is not ours", `{"id":"e1","call":"c1","key":"1","reference":"offer/7/; DROP"}`, bare},
		{"a reference with a wrong number", `{"id":"e1","call":"c1","key":"1","reference":"offer/-7/"}`, bare},
		{"the watcher's call about a case", `{"id":"e1","call":"c1","key":"1","reference":"watch_alarm/A17/` + string(calledCase) + `"}`,
			CallEvent{ID: "e1", Call: "c1", Status: CallKey, Reply: "1", Template: "watch_alarm", Alarm: "A17", Case: calledCase}},
		{"the watcher's call about a part", `{"id":"e1","call":"c1","key":"1","reference":"watch_alarm/A18/"}`,
			CallEvent{ID: "e1", Call: "c1", Status: CallKey, Reply: "1", Template: "watch_alarm", Alarm: "A18"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ReadCall([]byte(tt.body)); err != nil || got != tt.want {
				t.Errorf("read %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

// What is no event is refused, and nothing of it is said.
func TestReadCallRefuses(t *testing.T) {
	for _, body := range []string{
		``, `[]`, `{"id":"+66812345678"}`, `{"id":"e","call":"c"}`, `{"id":"e","call":"c","status":"+66812345678"}`,
		`{"id":"e","call":"c","status":"KEY"}`, `{"id":"e","call":"c","key":"call +66812345678"}`, `{"id":"e","call":"c","key":"#"}`,
		`{"id":"e","call":"c","key":"1234567890123"}`,
	} {
		if e, err := ReadCall([]byte(body)); err == nil {
			t.Errorf("%s was read as %+v", body, e)
		} else if strings.Contains(err.Error(), "+66") {
			t.Errorf("the error quotes: %v", err)
		}
	}
}

// What is asked in a call comes back with the answer.
func TestAReferenceComesBack(t *testing.T) {
	alarm := func(count int, cases ...casefile.CaseID) *activities.Alarm {
		return &activities.Alarm{Answer: "A17", Count: count, Cases: cases}
	}
	tests := []struct {
		name string
		give activities.Outgoing
		want CallEvent
	}{
		{"an offer", activities.Outgoing{Template: "offer", Args: activities.Args{Case: calledCase, Seq: 7}}, CallEvent{Template: "offer", Case: calledCase, Offer: 7}},
		{"an alarm about one case", activities.Outgoing{Template: "watch_alarm", Args: activities.Args{Alarm: alarm(1, calledCase)}}, CallEvent{Template: "watch_alarm", Case: calledCase, Alarm: "A17"}},
		{"an alarm about many", activities.Outgoing{Template: "watch_alarm", Args: activities.Args{Alarm: alarm(40, calledCase)}}, CallEvent{Template: "watch_alarm", Alarm: "A17"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got CallEvent
			got.refer(reference(tt.give))
			if got != tt.want {
				t.Errorf("came back as %+v, want %+v", got, tt.want)
			}
		})
	}
}
