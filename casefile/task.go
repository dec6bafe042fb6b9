package casefile

import (
	"slices"
	"time"
)

// TaskAsk is what a task wants from whoever does it.
type TaskAsk string

const (
	AskChoice  TaskAsk = "CHOICE"  // one of a few buttons
	AskPlace   TaskAsk = "PLACE"   // a pin and a picture of a place
	AskConcern TaskAsk = "CONCERN" // pointing something out
)

// TaskAsks lists every one.
var TaskAsks = []TaskAsk{AskChoice, AskPlace, AskConcern}

// TaskOpens is what a report of a task may lead to.
type TaskOpens string

const (
	OpensNothing TaskOpens = "NOTHING"
	OpensConcern TaskOpens = "CONCERN"
	OpensSpace   TaskOpens = "SAFE_SPACE" // a point on the map of safe places
)

// TaskOpenings lists every one.
var TaskOpenings = []TaskOpens{OpensNothing, OpensConcern, OpensSpace}

// Task is something that members of a group do again and again, in less than a minute.
type Task struct {
	Code    string        `json:"code"`
	Groups  []Group       `json:"groups"`
	Th      string        `json:"th"` // the button and the list
	En      string        `json:"en"`
	SayTh   string        `json:"say_th"` // what is asked, or the lesson itself
	SayEn   string        `json:"say_en"`
	Ask     TaskAsk       `json:"ask"`
	Every   time.Duration `json:"every"` // at most once in so long, case time
	Opens   TaskOpens     `json:"opens"`
	About   ConcernKind   `json:"about,omitempty"` // of the concern that it opens
	Person  bool          `json:"person,omitempty"`
	Options []TaskOption  `json:"options,omitempty"`
}

// TaskOption is one answer to a task.
type TaskOption struct {
	Code  string `json:"code"`
	Th    string `json:"th"`
	En    string `json:"en"`
	Opens bool   `json:"opens,omitempty"` // leads to what the task may open
}

// Option is an answer by its code.
func (t Task) Option(code string) (TaskOption, bool) {
	i := slices.IndexFunc(t.Options, func(o TaskOption) bool { return o.Code == code })
	if i < 0 {
		return TaskOption{}, false
	}
	return t.Options[i], true
}

// Meant reports whether the task is for a member. The young are given nothing that
// is about a person, and nothing sexual, whatever a list says.
func (t Task) Meant(m Member) bool {
	if m.State != MemberActive || !slices.Contains(t.Groups, m.Group) {
		return false
	}
	return m.Class != Junior || !t.Person && t.About != AboutPregnancy
}

// TaskDone is one report of a task.
type TaskDone struct {
	Task   string
	Option string
	Opens  TaskOpens
	Pin    *Pin
	Media  *Incoming
}

// Tasks is the list of all tasks.
type Tasks []Task

// Task is one by its code.
func (l Tasks) Task(code string) (Task, bool) {
	i := slices.IndexFunc(l, func(t Task) bool { return t.Code == code })
	if i < 0 {
		return Task{}, false
	}
	return l[i], true
}

// Open lists what a member may do now; last says when a task was done last, if ever.
func (l Tasks) Open(m Member, last map[string]time.Time, at time.Time) Tasks {
	var open Tasks
	for _, t := range l {
		if done, ever := last[t.Code]; t.Meant(m) && (!ever || !done.Add(t.Every).After(at)) {
			open = append(open, t)
		}
	}
	return open
}

// Press is the conversation of a member who pressed a button of the task list.
func (l Tasks) Press(t Talk, in Incoming, open Tasks) (Talk, TalkAnswer) {
	if in.Action == ActTasks || in.Reason == "" {
		return t, TalkAnswer{Say: "tasks", Tasks: open}
	}
	if in.Reason == TalkSkip && t.Step == TalkTaskPhoto {
		return t.task(in)
	}
	task, ok := open.Task(in.Reason)
	if !ok { // done already, or not theirs
		return t, TalkAnswer{Say: "tasks", Tasks: open}
	}
	option, chosen := task.Option(in.Option)
	switch {
	case task.Ask == AskConcern || chosen && option.Opens && task.Opens == OpensConcern:
		return Talk{Step: TalkWhere, About: task.About, Task: task.Code}, TalkAnswer{Say: "concern_where", About: task.About, Task: &task}
	case task.Ask == AskPlace:
		return Talk{Step: TalkTaskPin, Task: task.Code}, TalkAnswer{Say: "task_pin", Task: &task}
	case chosen:
		return Talk{}, TalkAnswer{Say: "task_done", Task: &task, Forget: true, Done: &TaskDone{Task: task.Code, Option: option.Code, Opens: OpensNothing}}
	}
	return t, TalkAnswer{Say: "task_ask", Task: &task}
}

// task takes the pin and the picture of a place.
func (t Talk) task(in Incoming) (Talk, TalkAnswer) {
	switch {
	case t.Step == TalkTaskPin && in.Word == SentLocation && in.Pin != nil && in.Pin.Usable():
		t.Step, t.Pin = TalkTaskPhoto, in.Pin
		return t, TalkAnswer{Say: "task_photo"}
	case t.Step == TalkTaskPin:
		return t, TalkAnswer{Say: "task_pin"}
	case in.Word == SentMedia && in.MediaKind == "image" || in.Word == Pressed:
		done := &TaskDone{Task: t.Task, Opens: OpensSpace, Pin: t.Pin}
		if in.Word == SentMedia {
			done.Media = &Incoming{MessageID: in.MessageID, MediaKind: in.MediaKind}
		}
		return Talk{}, TalkAnswer{Say: "task_done", Forget: true, Done: done}
	}
	return t, TalkAnswer{Say: "task_photo"}
}
