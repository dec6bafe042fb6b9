package api

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

const doorPatience = 10 * time.Second

// answer does and says what a word that belongs to no case asks for: menus,
// hotlines, practice, language, the duty switch, a number for what is not
// urgent. It runs after the commit; who hears nothing taps again.
func (s *Server) answer(a line.Arrival, r Routed) {
	if !s.run.try(func() {
		ctx, cancel := context.WithTimeout(context.Background(), doorPatience)
		defer cancel()
		if err := s.answerNow(ctx, a, r); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "not answered at the door", slog.String("type", a.Type), slog.Any("error", err))
		}
	}) {
		s.Log.Warn("too much at once: not answered at the door", "type", a.Type)
	}
}

func (s *Server) answerNow(ctx context.Context, a line.Arrival, r Routed) error {
	if a.Group != nil {
		return s.inGroup(ctx, a)
	}
	if r.Talk.Say != "" {
		return s.conversed(ctx, a, r)
	}
	switch a.In.Word {
	case casefile.Followed:
		return s.followed(ctx, a, r)
	case casefile.Said, casefile.SentMedia:
		if took, err := s.joins(ctx, a, r); took || err != nil {
			return err
		}
		return s.say(ctx, a, r.Language, "menu", activities.Args{})
	case casefile.SentLocation:
		if r.Member != "" && a.In.Pin != nil && a.In.Pin.Usable() { // a responder's own position
			return s.Roster.SetPosition(ctx, r.Member, a.In.Pin.Lat, a.In.Pin.Lon, a.In.Pin.FixedAt)
		}
		return s.say(ctx, a, r.Language, "menu", activities.Args{})
	case casefile.Pressed:
		return s.pressed(ctx, a, r)
	default: // blocked, unsent, unknown: nobody waits for an answer
		return nil
	}
}

// followed welcomes who added the account, and shows a member the menu with the duty switch.
func (s *Server) followed(ctx context.Context, a line.Arrival, r Routed) error {
	if err := s.say(ctx, a, r.Language, "welcome", activities.Args{}); err != nil || r.Member == "" {
		return err
	}
	m, err := s.Roster.Member(ctx, r.Member)
	if err != nil {
		return fmt.Errorf("show the menu of a member: %w", err)
	}
	if err := s.Menus.LinkMenu(ctx, a.UserID, line.MenuOf(m), r.Language); err != nil {
		return fmt.Errorf("show the menu of a member: %w", err)
	}
	return nil
}

func (s *Server) pressed(ctx context.Context, a line.Arrival, r Routed) error {
	switch a.In.Action {
	case casefile.ActHotlines:
		return s.say(ctx, a, r.Language, "hotlines", activities.Args{})
	case casefile.ActPractice:
		return s.say(ctx, a, r.Language, "practice", activities.Args{})
	case casefile.ActNotUrgent:
		number, err := s.Requests.Ask(ctx, string(a.EventID), r.Reporter, s.Now())
		if err != nil {
			return fmt.Errorf("number a request: %w", err)
		}
		return s.say(ctx, a, r.Language, "not_urgent", activities.Args{Code: strconv.FormatInt(number, 10)})
	case casefile.ActLanguage:
		if a.In.Language == "" {
			break
		}
		if err := s.Requests.SetLanguage(ctx, r.Reporter, a.In.Language); err != nil {
			return fmt.Errorf("set the language: %w", err)
		}
		return s.say(ctx, a, a.In.Language, "language_set", activities.Args{})
	case casefile.ActJoin:
		return s.join(ctx, a, r)
	case casefile.ActVet:
		if r.Member != "" {
			return s.vet(ctx, a, r)
		}
	case casefile.ActDutyOn, casefile.ActDutyOff:
		if r.Member != "" {
			return s.setDuty(ctx, a, r)
		}
	case casefile.ActHeard: // kept with the arrival itself
		if r.Member != "" {
			return s.heard(ctx, a, r)
		}
	case casefile.ActDeskTake: // without a case: an alarm of the watcher, which reads the answer in the inbox
		if r.Member != "" && a.In.Reason == casefile.ReasonWatch {
			return s.say(ctx, a, r.Language, "watch_answered", activities.Args{})
		}
	}
	return s.say(ctx, a, r.Language, "menu", activities.Args{})
}

// setDuty begins or ends the duty of the member who pressed, and shows the menu that fits.
func (s *Server) setDuty(ctx context.Context, a line.Arrival, r Routed) error {
	on, reason, role := true, "DUTY_ON", line.MenuOnDuty
	if a.In.Action == casefile.ActDutyOff {
		on, reason, role = false, "DUTY_OFF", line.MenuOffDuty
	}
	if err := s.Roster.SetDuty(ctx, r.Member, on); err != nil {
		return fmt.Errorf("set duty: %w", err)
	}
	if err := s.say(ctx, a, r.Language, "duty_set", activities.Args{Reason: reason}); err != nil {
		return err
	}
	if err := s.Menus.LinkMenu(ctx, a.UserID, role, r.Language); err != nil {
		return fmt.Errorf("show the duty menu: %w", err)
	}
	return nil
}

// say answers through the reply token only: nothing here is ever pushed.
func (s *Server) say(ctx context.Context, a line.Arrival, l casefile.Language, template string, args activities.Args) error {
	if a.ReplyToken == "" || a.UserID == "" || a.Standby {
		return nil
	}
	_, err := s.Messenger.Send(ctx, activities.Outgoing{
		To: a.UserID, Key: "door/" + string(a.EventID), ReplyToken: a.ReplyToken, ReplyOnly: true, Language: l, Template: template, Args: args,
	})
	if err != nil {
		return fmt.Errorf("say %s: %w", template, err)
	}
	return nil
}
