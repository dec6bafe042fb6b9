package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
)

// Groups knows which LINE group belongs to which unit.
type Groups interface {
	// LinkGroup makes a group the group of the unit whose duty desk asks, and returns the desk's language;
	// casefile.ErrNotFound for anybody else.
	LinkGroup(ctx context.Context, userID, group string, at time.Time) (casefile.Language, error)
	UnlinkGroup(ctx context.Context, group string) error
}

// inGroup does what a duty desk asks for in a LINE group. A group that belongs to no unit is told nothing.
func (s *Server) inGroup(ctx context.Context, a line.Arrival) error {
	if a.Group.Act == line.GroupLeft {
		if err := s.Groups.UnlinkGroup(ctx, a.Group.ID); err != nil {
			return fmt.Errorf("unlink a group: %w", err)
		}
		return nil
	}
	language, err := s.Groups.LinkGroup(ctx, a.Group.By, a.Group.ID, s.Now())
	if errors.Is(err, casefile.ErrNotFound) { // not a duty desk
		return nil
	}
	if err != nil {
		return fmt.Errorf("link a group: %w", err)
	}
	if a.Group.ReplyToken == "" || a.Standby {
		return nil
	}
	if _, err := s.Messenger.Send(ctx, activities.Outgoing{
		To: a.Group.ID, Key: "door/" + string(a.EventID), ReplyToken: a.Group.ReplyToken, ReplyOnly: true, Language: language, Template: "group_linked",
	}); err != nil {
		return fmt.Errorf("say group_linked: %w", err)
	}
	return nil
}
