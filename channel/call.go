package channel

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// CallStatus is what a voice gateway says of a call.
type CallStatus string

// Statuses. A key press is one of its own: everything that was pressed until the
// hash key or a pause.
const (
	CallKey       CallStatus = "KEY"
	CallRinging   CallStatus = "RINGING"
	CallAnswered  CallStatus = "ANSWERED"
	CallCompleted CallStatus = "COMPLETED"
	CallBusy      CallStatus = "BUSY"
	CallNoAnswer  CallStatus = "NO_ANSWER"
	CallFailed    CallStatus = "FAILED"
)

// CallEvent is one thing that a voice gateway posts to us.
type CallEvent struct {
	ID       string // of the event: the same when it is posted again
	Call     string // of the call: what the gateway answered when it took the call
	To       string // who was called
	Status   CallStatus
	Template string          // the question that was asked; empty: the gateway does not say
	Case     casefile.CaseID // that it was asked about; may be empty
	Offer    int             // number of the offer that is answered
	Alarm    string          // of the second watcher's call: what its answer names
	Reply    string          // of CallKey: the press, as an SMS would say it
}

var errCall = errors.New("channel: not an event of a call")

// ReadCall reads what a voice gateway posts: a press of keys, or where the call
// stands. Its error says nothing of what was read.
func ReadCall(body []byte) (CallEvent, error) {
	var in struct {
		ID        string `json:"id"`
		Call      string `json:"call"`
		Reference string `json:"reference"`
		To        string `json:"to"`
		Key       string `json:"key"`
		Status    string `json:"status"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.ID == "" || in.Call == "" {
		return CallEvent{}, errCall
	}
	e := CallEvent{ID: in.ID, Call: in.Call, To: in.To, Status: CallStatus(strings.ToUpper(in.Status))}
	switch {
	case in.Key != "":
		e.Status = CallKey
		if e.Reply = pressed(in.Key); e.Reply == "" {
			return CallEvent{}, errCall
		}
	case !e.Status.known():
		return CallEvent{}, errCall
	}
	e.refer(in.Reference)
	return e, nil
}

func (s CallStatus) known() bool {
	switch s {
	case CallRinging, CallAnswered, CallCompleted, CallBusy, CallNoAnswer, CallFailed:
		return true
	default:
		return false
	}
}

// keysPattern is a press: digits, ended by the hash key or by a pause.
var keysPattern = regexp.MustCompile(`^[0-9]{1,12}#?$`)

// codeDigits is how many digits prove a number; no answer with minutes is so long.
const codeDigits = 6

// pressed words a press as somebody would write it in an SMS: what follows the
// first key are its minutes, unless it is a whole code.
func pressed(keys string) string {
	if !keysPattern.MatchString(keys) {
		return ""
	}
	digits := strings.TrimSuffix(keys, "#")
	if len(digits) == 1 || len(digits) >= codeDigits {
		return digits
	}
	return digits[:1] + " " + digits[1:]
}

// reference is what the gateway gives back with everything that it posts about a
// call. It says which question was asked, so that a press needs no search and
// cannot be too early, and nothing of who was called.
func reference(m activities.Outgoing) string {
	offer, id := strconv.Itoa(m.Args.Seq), m.Args.Case
	if a := m.Args.Alarm; a != nil {
		offer, id = a.Answer, ""
		if a.Count == 1 && len(a.Cases) == 1 {
			id = a.Cases[0]
		}
	}
	return m.Template + "/" + offer + "/" + string(id)
}

var alarmPattern = regexp.MustCompile(`^A[0-9]{1,18}$`)

// refer reads a reference. One that is not ours is as good as none.
func (e *CallEvent) refer(reference string) {
	parts := strings.Split(reference, "/")
	if len(parts) != 3 || parts[2] != "" && uuid.Validate(parts[2]) != nil {
		return
	}
	if alarmPattern.MatchString(parts[1]) {
		e.Alarm = parts[1]
	} else {
		n, err := strconv.Atoi(parts[1])
		if err != nil || n < 0 {
			return
		}
		e.Offer = n
	}
	e.Template, e.Case = parts[0], casefile.CaseID(parts[2])
}
