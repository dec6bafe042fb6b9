package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/ess-thailand/ess/casefile"
)

const (
	offerDesk = "offer_desk"     // a duty desk is asked
	groupCard = "group_new_case" // all that a group hears
	// groupWithin bounds the one try for a group, so that it holds up nobody's alert.
	groupWithin = 5 * time.Second
)

// ringGroup tells the LINE group of a desk's unit that there is a new case, and nothing of it, once per case and unit.
// It is a courtesy beside the desk's own alert, which went first and alone counts: what fails here is left to the
// unit's next ring.
func (a *Activities) ringGroup(ctx context.Context, id casefile.CaseID, seq int, desk Contact) {
	ctx, cancel := context.WithTimeout(ctx, groupWithin)
	defer cancel()
	key := "group/" + string(id) + "/" + string(desk.Unit)
	answered, err := a.Contacts.Answered(ctx, id, []string{key})
	if err == nil && answered[key] == "" {
		var sent Sent
		if sent, err = a.Messenger.Send(ctx, Outgoing{To: desk.Group, Key: key, Language: desk.Language, Template: groupCard}); err == nil {
			err = a.Contacts.Delivered(ctx, []Delivery{{
				Key: key, Case: id, Seq: seq, To: "group:" + string(desk.Unit), Template: groupCard, Outcome: sent.Outcome,
				Request: sent.Request, At: a.Clock.Case(time.Now()),
			}})
		}
	}
	if err != nil && activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Warn("group not rung: left to the unit's next ring", "case", string(id), "unit", string(desk.Unit))
	}
}
