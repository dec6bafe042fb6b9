package casefile

import (
	"slices"
	"strings"
)

// TalkStep is what a conversation at the door waits for.
type TalkStep string

const (
	TalkWhere     TalkStep = "WHERE"      // a concern: where it is
	TalkWhat      TalkStep = "WHAT"       // a concern: what was seen
	TalkMore      TalkStep = "MORE"       // sent; what follows soon belongs to it
	TalkTaskPin   TalkStep = "TASK_PIN"   // a task: the place
	TalkTaskPhoto TalkStep = "TASK_PHOTO" // a task: a picture of it
)

// Talk is a short conversation that somebody has with the account beside any
// case. It is personal data as a whole, kept sealed, and dropped when its time is
// over; what it has told a concern stays there.
type Talk struct {
	Step    TalkStep    `json:"step"`
	About   ConcernKind `json:"about,omitempty"`
	Task    string      `json:"task,omitempty"`
	Concern ConcernID   `json:"concern,omitempty"` // once there is one
	Pin     *Pin        `json:"pin,omitempty"`
	Texts   []string    `json:"texts,omitempty"`
	Media   []Incoming  `json:"media,omitempty"` // pictures and the like, for an emergency that it may become
	School  bool        `json:"school,omitempty"`
}

// Reasons that a button of a conversation carries beside a kind or a task.
const (
	TalkSkip   = "SKIP"   // I do not know where; there is no more to say
	TalkUrgent = "URGENT" // it happens now
)

// TalkAnswer is what a word did in a conversation.
type TalkAnswer struct {
	Say     string      `json:"say,omitempty"`     // template; empty: the word was not for the conversation
	Danger  bool        `json:"danger,omitempty"`  // the words speak of a danger: the urgent button stands first
	About   ConcernKind `json:"about,omitempty"`   // the kind that is talked about
	School  bool        `json:"school,omitempty"`  // ask whether the school may be told
	Tasks   []Task      `json:"tasks,omitempty"`   // open tasks of the member
	Task    *Task       `json:"task,omitempty"`    // the task that is asked or was done
	Owed    []OwedCard  `json:"owed,omitempty"`    // what the member owes to cases in follow-up, beside the tasks
	Word    *Incoming   `json:"-"`                 // goes into the concern's inbox
	Begins  bool        `json:"-"`                 // the concern begins with that word
	Done    *TaskDone   `json:"-"`                 // a task was done
	Urgent  bool        `json:"-"`                 // the concern becomes an emergency
	Forget  bool        `json:"-"`                 // the conversation is over
	Concern ConcernID   `json:"concern,omitempty"` // of a worker's card: which one it was about
	Aid     AidID       `json:"aid,omitempty"`     // of a member's card: which aid request it was about
}

// SaidLater stands for an answer that somebody else gives: the process of the concern.
const SaidLater = "LATER"

// Marks in Incoming.Option of a concern's inbox.
const (
	MarkWhere = "WHERE" // where it is
	MarkWhat  = "WHAT"  // what was seen: it is received with this
	MarkTell  = "TELL"  // nobody of the school is part of it
)

// startWords begin a conversation where no menu is shown.
var startWords = map[string]Action{
	"แจ้งเบาะแส": ActConcern, "เบาะแส": ActConcern, "tip": ActConcern, "งานของฉัน": ActTasks, "my tasks": ActTasks,
}

// Starts is the button that a typed word stands for.
func Starts(in Incoming) Incoming {
	if action, ok := startWords[strings.ToLower(strings.TrimSpace(in.Text))]; ok && in.Word == Said {
		return Incoming{Word: Pressed, At: in.At, Action: action, ReplyToken: in.ReplyToken, Channel: in.Channel, By: in.By}
	}
	return in
}

// Hear is the conversation after a word of its person, and what the word did. The
// zero Talk is no conversation.
func (t Talk) Hear(in Incoming) (Talk, TalkAnswer) {
	if in.Word == Pressed && in.Action == ActConcern {
		return t.pressed(in)
	}
	switch in.Word {
	case Said, SentMedia, SentLocation:
	default:
		return t, TalkAnswer{}
	}
	switch t.Step {
	case TalkWhere:
		return t.where(in)
	case TalkWhat, TalkMore:
		return t.what(in)
	case TalkTaskPin, TalkTaskPhoto:
		return t.task(in)
	}
	return t, TalkAnswer{}
}

func (t Talk) pressed(in Incoming) (Talk, TalkAnswer) {
	kind := ConcernKind(in.Reason)
	switch {
	case in.Reason == "":
		return Talk{}, TalkAnswer{Say: "concern_kinds", Forget: true}
	case slices.Contains(ConcernKinds, kind):
		return Talk{Step: TalkWhere, About: kind}, TalkAnswer{Say: "concern_where", About: kind}
	case in.Reason == TalkUrgent: // whenever it is pressed, and whatever was said before
		return Talk{}, TalkAnswer{Say: "concern_urgent", Urgent: true, Forget: true}
	case t.About == "": // its time is over
		return Talk{}, TalkAnswer{Say: "concern_kinds", Forget: true}
	case in.Reason == ReasonTellSchool && t.Step == TalkWhat && t.About == AboutSchool:
		t.School = true
		return t, TalkAnswer{Say: "concern_what", About: t.About, Word: t.mark(in, MarkTell)}
	case in.Reason == TalkSkip && t.Step == TalkWhere:
		t.Step = TalkWhat
		return t, TalkAnswer{Say: "concern_what", About: t.About, School: t.About == AboutSchool, Begins: true, Word: t.mark(in, MarkWhere)}
	case in.Reason == TalkSkip && t.Step == TalkWhat:
		t.Step = TalkMore
		return t, TalkAnswer{Say: "concern_thanks", Word: t.mark(in, MarkWhat)}
	}
	return t, TalkAnswer{Say: "concern_added"}
}

// where takes the place. Who sends a picture first is past that question.
func (t Talk) where(in Incoming) (Talk, TalkAnswer) {
	if in.Word == SentMedia {
		t.Step = TalkMore
		t.keep(in)
		return t, TalkAnswer{Say: "concern_thanks", Begins: true, Word: t.mark(in, MarkWhat)}
	}
	t.Step = TalkWhat
	t.keep(in)
	return t, TalkAnswer{
		Say: "concern_what", About: t.About, School: t.About == AboutSchool && in.Word == Said, Danger: Dangerous(in.Text),
		Begins: true, Word: t.mark(in, MarkWhere),
	}
}

// what takes what was seen.
func (t Talk) what(in Incoming) (Talk, TalkAnswer) {
	t.keep(in)
	danger := in.Word == Said && Dangerous(in.Text)
	if t.Step == TalkMore {
		return t, TalkAnswer{Say: "concern_added", Danger: danger, Word: t.mark(in, MarkWhat)}
	}
	if in.Word == SentLocation {
		return t, TalkAnswer{Say: "concern_what", About: t.About, Word: t.mark(in, MarkWhere)}
	}
	t.Step = TalkMore
	return t, TalkAnswer{Say: "concern_thanks", Danger: danger, Word: t.mark(in, MarkWhat)}
}

// keep remembers what an emergency would be told, so that nobody types it again.
func (t *Talk) keep(in Incoming) {
	const most = 10
	switch {
	case in.Word == SentLocation && in.Pin != nil && in.Pin.Usable():
		t.Pin = in.Pin
	case in.Word == Said && len(t.Texts) < most:
		t.Texts = append(slices.Clone(t.Texts), in.Text)
	case in.Word == SentMedia && len(t.Media) < most:
		t.Media = append(slices.Clone(t.Media), Incoming{Word: SentMedia, At: in.At, MessageID: in.MessageID, MediaKind: in.MediaKind})
	}
}

// mark is the word as it goes into the concern: without a reply token, for the
// pointer is answered at the door, and without who said it.
func (t Talk) mark(in Incoming, as string) *Incoming {
	return &Incoming{
		Word: in.Word, At: in.At, Action: in.Action, Reason: in.Reason, Option: as, Pin: in.Pin, Text: in.Text, MessageID: in.MessageID,
		MediaKind: in.MediaKind, By: Actor{Kind: ByReporter},
	}
}

// Alarm is the report that a conversation becomes when it cannot wait.
func (t Talk) Alarm(in Incoming) Incoming {
	return Incoming{
		Word: Tapped, At: in.At, Type: t.About.Incident(), Pin: t.Pin, Text: strings.Join(t.Texts, "\n"), ReplyToken: in.ReplyToken,
		Language: in.Language,
	}
}

// FindLink is the first web address in a text.
func FindLink(text string) string {
	for _, word := range strings.Fields(text) {
		lower := strings.ToLower(word)
		if (strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "www.")) && len(word) <= 2000 {
			return word
		}
	}
	return ""
}
