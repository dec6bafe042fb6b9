package main

import (
	"context"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/postgres"
)

// linkMenus shows members the menu that fits them, before they press anything.
func (p *parts) linkMenus(ctx context.Context, members []postgres.Member) error {
	type kind struct {
		role     line.MenuRole
		language casefile.Language
	}
	users := map[kind][]string{}
	for _, m := range members {
		if k := (kind{line.MenuOf(m.Member), m.Language}); m.LINE != "" && m.State == casefile.MemberActive {
			users[k] = append(users[k], m.LINE)
		}
	}
	for k, list := range users {
		if err := p.line.LinkMenus(ctx, list, k.role, k.language); err != nil {
			return err
		}
	}
	return nil
}

// linkAllMenus does so for the whole roster, a part at a time.
func (p *parts) linkAllMenus(ctx context.Context) error {
	const part = 2000
	var after casefile.MemberID
	for {
		members, err := p.store.Members(ctx, postgres.MemberFilter{}, after, part)
		if err != nil {
			return err
		}
		if err := p.linkMenus(ctx, members); err != nil {
			return err
		}
		if len(members) < part {
			return nil
		}
		after = members[len(members)-1].ID
	}
}
