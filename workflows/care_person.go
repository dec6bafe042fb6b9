package workflows

import (
	"slices"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// nextMeeting is by when somebody comes or calls next, zero where nothing is planned or it is late.
func (p *page) nextMeeting() time.Time {
	var next time.Time
	if p.c.State != casefile.FollowUp || p.c.Care == nil {
		return next
	}
	for _, o := range p.c.Care.Open() {
		if (o.Kind == casefile.OweContact || o.Kind == casefile.OweVisit) && o.DueAt.After(p.now) && (next.IsZero() || o.DueAt.Before(next)) {
			next = o.DueAt
		}
	}
	return next
}

// asksHowItWent asks the person helped once the case has ended.
func (p *page) asksHowItWent() {
	if p.c.Care != nil && p.c.State == casefile.Closed {
		p.tellReporter("care_closed", nil)
	}
}

// mayWrite reports whether the person may get a message that they did not ask for.
func mayWrite(s casefile.SafeContact, at time.Time) bool {
	local := at.In(policy.Bangkok)
	minute, day := local.Hour()*60+local.Minute(), (int(local.Weekday())+6)%7+1
	inHours := s.ToMinute == 0 || minute >= s.FromMinute && minute < s.ToMinute
	return !s.NoMessage && inHours && (len(s.Days) == 0 || slices.Contains(s.Days, day))
}

// rates reports whether a word rates a case that has ended after its follow-up.
func (p *page) rates(in casefile.Incoming) bool {
	return in.Word == casefile.Pressed && in.Action == casefile.ActRate && in.By.Kind == casefile.ByReporter &&
		p.c.State == casefile.Closed && p.c.Care != nil && slices.Contains(casefile.Ratings, in.Option)
}

// rated keeps the person's word about the help.
func (p *page) rated(h activities.Heard) {
	p.must(casefile.Event{
		Kind: casefile.Rated, By: h.In.By, Care: &casefile.CareDetail{Rating: slices.Index(casefile.Ratings, h.In.Option) + 1},
	})
	p.reply(&h, "care_rated", nil)
}
