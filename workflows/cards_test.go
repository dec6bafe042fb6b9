package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

func (s *script) taps(card, option string) {
	s.reporter(casefile.Incoming{Word: casefile.Pressed, Action: casefile.ActCard, Case: s.c.ID, Reason: card, Option: option})
}

// questions lists the cards that the reporter was asked, in order.
func (s *script) questions() []string {
	var asked []string
	for _, m := range s.said {
		if m.Args.Question != nil {
			if m.To != "reporter" || !m.Reply {
				s.t.Errorf("%s asked %s unasked", m.Template, m.To)
			}
			asked = append(asked, m.Args.Question.Code)
		}
	}
	return asked
}

// After the first pin the questions come one by one, each as the reply to a tap;
// a weapon and a child make the case graver, and the officers hear of it.
func TestQuestionsComeOneByOne(t *testing.T) {
	s := begin(t, casefile.Gathering, false)
	s.member("ann", "station-1", "", casefile.Police, 300)
	s.reports()
	s.at(5*time.Second, func() { s.presses("ann", casefile.ActAccept, 5) })
	cards := policy.Default().CardsOf(casefile.Gathering)
	var want []string
	for i, card := range cards {
		want = append(want, card.Code)
		s.at(time.Duration(10+i)*time.Second, func() { s.taps(card.Code, card.Options[0].Code) })
	}
	s.at(40*time.Second, func() { s.taps(cards[0].Code, cards[0].Options[0].Code) })
	s.at(41*time.Second, func() { s.taps("NO_SUCH_CARD", "YES") })
	s.run(50 * time.Second)

	if got := s.questions(); !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
	got := s.told("reporter")
	if last := got[len(got)-3:]; !slices.Equal(last[1:], []string{"40 added_noted", "41 status"}) {
		t.Errorf("the reporter heard %v", got)
	}
	score := 0
	for _, card := range cards {
		score += card.Options[0].Score
	}
	if s.c.Score != score || len(s.c.Answers) != len(cards) {
		t.Errorf("score %d, want %d; answers %+v", s.c.Score, score, s.c.Answers)
	}
	if !s.c.Child || s.c.Severity != casefile.Critical {
		t.Errorf("child %t, severity %s", s.c.Child, s.c.Severity)
	}
	if shelter := s.told("shelter"); len(shelter) != 1 {
		t.Errorf("a child is involved, and the shelter heard %v", shelter)
	}
	heard := 0
	for _, m := range s.said {
		if m.To == "ann" && m.Template == "reporter_added" && m.Args.Reason == "card" {
			heard++
		}
	}
	if heard != len(cards) {
		t.Errorf("the officer heard of %d answers, want %d", heard, len(cards))
	}
}

// On a phone that other eyes may see nothing is asked.
func TestNoQuestionsInQuietOrNeutralWords(t *testing.T) {
	for _, tt := range []struct {
		typ   casefile.IncidentType
		quiet bool
	}{{casefile.Gathering, true}, {casefile.Confinement, false}, {casefile.SexualRisk, false}} {
		s := begin(t, tt.typ, tt.quiet)
		s.reports()
		s.at(10*time.Second, func() { s.taps("WEAPON", "YES") })
		s.run(30 * time.Second)
		if got := s.questions(); len(got) != 0 {
			t.Errorf("%s, quiet %t: asked %v", tt.typ, tt.quiet, got)
		}
	}
}
