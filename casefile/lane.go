package casefile

import "time"

// speaks reports whether an event shows more of a reporter than a finger on a
// button of the menu.
func speaks(e Event) bool {
	switch e.Kind {
	case Reported:
		return e.Reason == ReasonGuessed || !e.Private.Empty()
	case ReporterAdded:
		return !e.Private.Empty()
	case CheckInAnswered:
		return e.Yes
	case PhoneGiven, NoCallAsked, CardAnswered:
		return true
	}
	return false
}

// lane keeps an item of the desk in its lane. Taps without a pin, which are many
// and nearly all curious, stand in one of their own, where one ring is for all of
// them. A quiet report, a word, a photo, a cancel or a call is never among them,
// and an item that becomes more than a tap rings from the beginning.
func (c *Case) lane(e Event) {
	if c.Desk == nil {
		return
	}
	tap := c.Desk.Reason == DeskNoPin && c.State == Draft && c.Channel == ChannelLINE &&
		!c.Quiet && !c.Spoke && !c.Cancel && len(c.Centres) == 0 && len(c.Excluded) == 0
	if c.Desk.Tap && !tap {
		c.Desk.Rings, c.Desk.RungAt = 0, time.Time{}
		c.Desk.First, c.Desk.FirstAt = c.Version, e.At
	}
	c.Desk.Tap = tap
}

// HeardAt is when the desk last heard of the item: it rang, or only then it came to be.
func (d *DeskItem) HeardAt() time.Time {
	if d.RungAt.After(d.SinceAt) {
		return d.RungAt
	}
	return d.SinceAt
}

// Waits reports whether nobody has taken the item yet.
func (d *DeskItem) Waits() bool { return d != nil && d.Owner == (Actor{}) }
