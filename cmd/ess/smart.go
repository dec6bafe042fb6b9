package main

import (
	"context"

	"github.com/ess-thailand/ess/api"
	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/postgres"
)

// login signs members in with LINE; nil when no Login channel is configured. Its
// clock is the record's: in a development run LINE is emulated on the same.
func (p *parts) login() (*line.Login, error) {
	if p.cfg.LINELoginChannel == "" {
		return nil, nil
	}
	return line.NewLogin(line.LoginConfig{
		ChannelID: p.cfg.LINELoginChannel, Secret: string(p.cfg.LINELoginSecret), Redirect: p.cfg.PublicURL + "/smart/back", Page: p.cfg.LINELogin, APIEndpoint: p.cfg.LINEAPI,
		AllowLoopback: p.cfg.Development, Now: p.store.Now,
	})
}

// pages are the sessions of the volunteers' pages as the API wants them.
type pages struct{ *postgres.Store }

func (p pages) MemberByLINE(ctx context.Context, user string) (casefile.Member, error) {
	m, err := p.Store.MemberByLINE(ctx, user)
	return m.Member, err
}

func (p pages) Session(ctx context.Context, token string) (api.SmartMember, error) {
	m, err := p.Store.Session(ctx, token)
	return api.SmartMember{Member: m.Member, Name: m.Name, Language: m.Language}, err
}
