package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channel"
	"github.com/ess-thailand/ess/line"
)

// word is something that came from a telephone, on its way into the inbox.
type word struct {
	Arrival
	number   string // E.164; empty: it cannot be answered
	language casefile.Language
}

// written is an SMS as intake wants it. Its telephone is a conversation.
func (s *Server) written(at time.Time, in channel.Incoming) (word, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return word{}, fmt.Errorf("sms: %w", err)
	}
	number, ok := channel.Number(in.From)
	w := word{number: number, Arrival: Arrival{EventID: smsID(in), Channel: casefile.ChannelSMS, UserID: number, Raw: raw, At: at}}
	if !ok {
		w.number, w.UserID = "", strings.TrimSpace(in.From) // a name: kept, and nobody is answered
	}
	w.In = casefile.Incoming{Word: casefile.Unknown, At: at, Channel: casefile.ChannelSMS, ReplyToken: w.EventID, Language: languageOf(in.Text)}
	return w, nil
}

// smsID is the same for every repeat of a message, as far as its provider lets us know one.
func smsID(in channel.Incoming) string {
	switch {
	case in.ID != "":
		return "sms:" + in.ID
	case !in.At.IsZero():
		sum := sha256.Sum256([]byte(in.From + "\n" + in.At.UTC().Format(time.RFC3339Nano) + "\n" + in.Text))
		return "sms:" + hex.EncodeToString(sum[:])
	default:
		return "sms:" + uuid.NewString()
	}
}

// languageOf is the language of somebody who writes Latin letters and no Thai
// one. What people of any language write, such as SOS, says nothing.
func languageOf(text string) casefile.Language {
	latin := 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Thai, r):
			return ""
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	if latin < 4 || strings.Contains(text, "://") {
		return ""
	}
	return casefile.English
}

// message takes an SMS in: the code that proves a number, an answer of a member,
// or the word of anybody else.
func (s *Server) message(ctx context.Context, at time.Time, in channel.Incoming) error {
	w, err := s.written(at, in)
	if err != nil {
		return err
	}
	if code, ok := channel.ParseCode(in.Text); ok {
		member, err := s.Addresses.ConfirmByAddress(ctx, casefile.ChannelSMS, w.UserID, code, s.Policy.Channels.CodeTries)
		if err != nil {
			return err
		}
		if member != "" {
			return s.keepWord(ctx, w, func(Routed) { s.sayTo(w, "contact_verified", activities.Args{}) })
		}
	}
	owners, err := s.Addresses.OwnersOf(ctx, casefile.ChannelSMS, w.UserID)
	if err != nil {
		return err
	}
	if len(owners) > 0 {
		w.language = owners[0].Language
		if taken, err := s.answered(ctx, w, owners, in.Text); taken || err != nil {
			return err
		}
	}
	return s.reported(ctx, w, owners, in.Text)
}

// members are the owners of a telephone.
func members(owners []Owner) []casefile.MemberID {
	all := make([]casefile.MemberID, len(owners))
	for i, o := range owners {
		all[i] = o.Member
	}
	return all
}

// answered takes in an answer of a member to what it is about. It takes no text
// that is none, and not the digit of somebody whom we have asked nothing: like
// anybody's it is a report.
func (s *Server) answered(ctx context.Context, w word, owners []Owner, text string) (taken bool, err error) {
	reply, ok := channel.ParseReply(text)
	if !ok && !channel.OneDigit(text) {
		return false, nil
	}
	var meant channel.Meant
	var several []casefile.CaseID
	asked, err := s.asked(ctx, owners, reply)
	if err != nil {
		return false, err
	}
	if ok {
		meant, several = mean(reply, asked)
		alarm, of, err := s.alarmOf(ctx, owners, reply, meant)
		switch {
		case err != nil:
			return false, err
		case of != "":
			return true, s.tookAlarm(ctx, w, of, alarm)
		case meant.Action != "":
			return true, s.press(ctx, w, meant, reply)
		}
	}
	if len(asked.byPhone)+len(asked.byCase) == 0 && reply.Code == "" && reply.Alarm == "" {
		return false, nil
	}
	w.In.Text = text
	return true, s.keepWord(ctx, w, func(r Routed) {
		if len(several) == 0 {
			s.helpTo(w, r, "sms_help_member")
			return
		}
		s.sayTo(w, "sms_which", activities.Args{Reason: strconv.Itoa(reply.Key), Waiting: &activities.TapsRung{Longest: several}})
	})
}

// questions are what an answer may be about: what was asked on the telephone, or
// about the case that the answer names; and what the cases themselves know of,
// before a message is on record.
type questions struct{ byPhone, byCase []channel.Question }

func (s *Server) asked(ctx context.Context, owners []Owner, reply channel.Reply) (q questions, err error) {
	if reply.Code != "" {
		q.byPhone, err = s.Addresses.AskedAbout(ctx, reply.Code, members(owners))
		return q, err
	}
	if q.byPhone, err = s.Addresses.Asked(ctx, casefile.ChannelSMS, members(owners)); err != nil {
		return q, err
	}
	q.byCase, err = s.Addresses.OfferedTo(ctx, members(owners))
	return q, err
}

// mean finds what an answer is about. What waits comes before what was answered
// already, or is over: there the case itself says so.
func mean(reply channel.Reply, q questions) (channel.Meant, []casefile.CaseID) {
	if reply.Alarm != "" {
		return channel.Meant{}, nil
	}
	meant, several, _ := reply.Meant(q.byPhone)
	if meant.Waits || len(several) > 0 {
		return meant, several
	}
	if other, several, _ := reply.Meant(q.byCase); other.Waits || len(several) > 0 {
		return other, several
	}
	return meant, nil
}

// alarmOf finds the alarm of the second watcher that an operator of the national
// desk takes: the one that is named, or the newest when no question of a case waits.
func (s *Server) alarmOf(ctx context.Context, owners []Owner, reply channel.Reply, meant channel.Meant) (Alarm, casefile.MemberID, error) {
	if reply.Key != channel.KeyYes || meant.Waits {
		return Alarm{}, "", nil
	}
	for _, o := range owners {
		if o.Level != casefile.LevelDesk {
			continue
		}
		alarm, found, err := s.Addresses.AlarmOf(ctx, o.Member, cmp.Or(reply.Alarm, reply.Code))
		if err != nil || found {
			return alarm, o.Member, err
		}
	}
	return Alarm{}, "", nil
}

// tookAlarm is an operator's yes to an alarm: an inbox row like a button's, which
// the watcher reads, and the case if there is one.
func (s *Server) tookAlarm(ctx context.Context, w word, by casefile.MemberID, a Alarm) error {
	w.In.Word, w.In.Action, w.In.Reason, w.In.Option, w.In.Case = casefile.Pressed, casefile.ActDeskTake, casefile.ReasonWatch, a.Option, a.Case
	w.In.By = casefile.Actor{Kind: casefile.ByMember, ID: string(by)}
	return s.keepWord(ctx, w, func(r Routed) {
		if r.Case == "" && w.In.Channel == casefile.ChannelSMS {
			s.sayTo(w, "watch_answered", activities.Args{})
		}
	})
}

// press is an answer as if a button had been pressed.
func (s *Server) press(ctx context.Context, w word, m channel.Meant, reply channel.Reply) error {
	w.In.Word, w.In.Action, w.In.Reason, w.In.Case, w.In.Offer = casefile.Pressed, m.Action, m.Reason, m.Case.ID, m.Offer
	w.In.By = casefile.Actor{Kind: casefile.ByMember, ID: string(m.Member)}
	if m.Action == casefile.ActAccept {
		w.In.Minutes = reply.Minutes
	}
	return s.keepWord(ctx, w, func(r Routed) {
		if r.Case == "" {
			return
		}
		if err := s.Addresses.AnsweredBy(ctx, m.Member, r.Case, w.In.Channel); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "it was not noted that a message was answered", slog.Any("error", err))
		}
	})
}

// reported takes in what somebody wrote who answers nothing of ours: a report, or
// more about one. The place in it, and the words beside it, are two words.
func (s *Server) reported(ctx context.Context, w word, owners []Owner, text string) error {
	said, located := w, w
	said.In.Word, said.In.Text = casefile.Said, text
	lat, lon, rest, placed := channel.ParsePin(text)
	if placed {
		said.In.Text = rest
		located.EventID += "/pin"
		located.In.Word = casefile.SentLocation
		located.In.Pin = &casefile.Pin{Lat: lat, Lon: lon, FixedAt: w.At, Source: casefile.PinText}
	}
	said.In.Phone, _ = line.ParsePhone(said.In.Text)
	if said.In.Phone == "" && channel.MayCall(said.In.Text) {
		said.In.Phone = w.number
	}
	var arrived []Arrival
	if !placed || rest != "" {
		arrived = append(arrived, said.Arrival)
	}
	if placed {
		arrived = append(arrived, located.Arrival)
	}
	return s.keepAll(ctx, arrived, func(routed []Routed) {
		for _, r := range routed {
			if r.Case != "" || r.Duplicate {
				return
			}
		}
		template := "sms_help"
		if s.owe(ctx, owners) {
			template = "sms_help_member"
		}
		s.helpTo(w, routed[0], template)
	})
}

// owe reports whether a member of the telephone has a question that waits for an answer.
func (s *Server) owe(ctx context.Context, owners []Owner) bool {
	if len(owners) == 0 {
		return false
	}
	asked, err := s.Addresses.Asked(ctx, casefile.ChannelSMS, members(owners))
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "it is not known what somebody was asked", slog.Any("error", err))
		return true
	}
	m, several, _ := channel.Reply{Key: channel.KeyYes}.Meant(asked)
	return m.Waits || len(several) > 0
}

// call takes in what happened in a call of ours: keys, or where it stands.
func (s *Server) call(ctx context.Context, at time.Time, e channel.CallEvent) error {
	switch e.Status {
	case channel.CallAnswered:
		return s.handed(ctx, casefile.ChannelVoice, e.Call, true)
	case channel.CallBusy, channel.CallNoAnswer, channel.CallFailed:
		return s.handed(ctx, casefile.ChannelVoice, e.Call, false)
	case channel.CallKey:
		return s.keys(ctx, at, e)
	default:
		return nil
	}
}

// keys takes in keys that somebody pressed. What they mean is known at once, from
// the question that was asked in the call.
func (s *Server) keys(ctx context.Context, at time.Time, e channel.CallEvent) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	number, ok := channel.Number(e.To)
	if !ok {
		return errNothing
	}
	w := word{number: number, Arrival: Arrival{
		EventID: "call:" + e.Call + ":" + e.ID, Channel: casefile.ChannelSMS, UserID: number, Raw: raw, At: at, // a number is one conversation
		In: casefile.Incoming{Word: casefile.Unknown, At: at, Channel: casefile.ChannelVoice, Text: e.Reply},
	}}
	if code, ok := channel.ParseCode(e.Reply); ok {
		member, err := s.Addresses.ConfirmByAddress(ctx, casefile.ChannelVoice, number, code, s.Policy.Channels.CodeTries)
		if err != nil {
			return err
		}
		if member != "" {
			w.In.Text = ""
			return s.keepWord(ctx, w, nil)
		}
	}
	owners, err := s.Addresses.OwnersOf(ctx, casefile.ChannelVoice, number)
	if err != nil {
		return err
	}
	reply, ok := channel.ParseReply(e.Reply)
	if !ok || len(owners) == 0 {
		return s.nothing(ctx, w)
	}
	if e.Alarm != "" {
		for _, o := range owners {
			if o.Level == casefile.LevelDesk && reply.Key == channel.KeyYes {
				w.In.Text = ""
				return s.tookAlarm(ctx, w, o.Member, Alarm{Option: e.Alarm, Case: e.Case})
			}
		}
		return s.nothing(ctx, w)
	}
	asked, err := s.askedInCall(ctx, owners, e)
	if err != nil {
		return err
	}
	meant, _, ok := reply.Meant(asked)
	if !ok {
		return s.nothing(ctx, w)
	}
	w.In.Text = ""
	return s.press(ctx, w, meant, reply)
}

// nothing keeps a press that means nothing, and says so to the gateway.
func (s *Server) nothing(ctx context.Context, w word) error {
	if err := s.keepWord(ctx, w, nil); err != nil {
		return err
	}
	return errNothing
}

// askedInCall is the question of a call, or all that the telephone was asked in calls.
func (s *Server) askedInCall(ctx context.Context, owners []Owner, e channel.CallEvent) ([]channel.Question, error) {
	if e.Case == "" {
		return s.Addresses.Asked(ctx, casefile.ChannelVoice, members(owners))
	}
	about, err := s.Addresses.AskedAbout(ctx, casefile.Case{ID: e.Case}.Code(), members(owners))
	var asked []channel.Question
	for _, q := range about {
		if q.Case.ID == e.Case {
			q.Offer, q.Template, q.At, q.Answered = e.Offer, e.Template, s.Now(), false
			asked = append(asked, q)
		}
	}
	return asked, err
}

// keepWord keeps one word and starts what follows from it.
func (s *Server) keepWord(ctx context.Context, w word, then func(Routed)) error {
	return s.keepAll(ctx, []Arrival{w.Arrival}, func(routed []Routed) {
		if then != nil && (!routed[0].Duplicate || routed[0].Case != "") {
			then(routed[0])
		}
	})
}

// keepAll keeps words that came together, in one durable call.
func (s *Server) keepAll(ctx context.Context, arrived []Arrival, then func([]Routed)) error {
	ctx, end := s.step(ctx, "intake")
	routed, err := s.Intake.Intake(ctx, arrived)
	if err == nil && len(routed) != len(arrived) {
		err = fmt.Errorf("intake answered %d of %d arrivals", len(routed), len(arrived))
	}
	if err != nil {
		end(http.StatusServiceUnavailable)
		return err
	}
	end(0)
	for i, r := range routed {
		s.metrics.word(arrived[i].In.Channel, arrived[i].In.Word, r.Duplicate) // #nosec G602 -- as many as arrived
		if r.Case != "" {
			s.nudges.add(ctx, r.Case, r.N)
		}
	}
	then(routed)
	return nil
}

// sayTo answers a telephone that has just written. It runs after the commit; who
// hears nothing writes again.
func (s *Server) sayTo(w word, template string, args activities.Args) {
	s.beside(func(ctx context.Context) error { return s.sayNow(ctx, w, template, args) })
}

func (s *Server) sayNow(ctx context.Context, w word, template string, args activities.Args) error {
	if w.number == "" {
		return nil
	}
	_, err := s.Messenger.Send(ctx, activities.Outgoing{
		Channel: casefile.ChannelSMS, To: w.number, Key: "door/" + w.EventID, ReplyToken: w.In.ReplyToken,
		Language: cmp.Or(w.language, w.In.Language, casefile.Thai), Template: template, Args: args,
	})
	if err != nil {
		return fmt.Errorf("say %s: %w", template, err)
	}
	return nil
}

// helpTo says one line of help, and no second one for a while: two machines that
// answer each other must come to an end.
func (s *Server) helpTo(w word, r Routed, template string) {
	s.beside(func(ctx context.Context) error {
		if w.language == "" {
			w.language = r.Language
		}
		may, err := s.Addresses.MayHelp(ctx, r.Reporter, s.Policy.Channels.HelpAgain.Duration)
		if err != nil || !may {
			return err
		}
		return s.sayNow(ctx, w, template, activities.Args{})
	})
}

// beside does what follows a commit.
func (s *Server) beside(work func(context.Context) error) {
	if !s.run.try(func() {
		ctx, cancel := context.WithTimeout(context.Background(), doorPatience)
		defer cancel()
		if err := work(ctx); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "not answered by SMS", slog.Any("error", err))
		}
	}) {
		s.Log.Warn("too much at once: not answered by SMS")
	}
}
