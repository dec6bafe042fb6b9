package api

import (
	"context"
	"slices"
	"strings"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// AidKindView is a row of the catalogue, and whether somebody vouches for it.
type AidKindView struct {
	policy.AidGrantKind
	Digest    string    `json:"digest"`
	Usable    bool      `json:"usable"`
	Confirmed *AidVouch `json:"confirmed,omitempty"`
}

// AidClockView is a legal clock, and whether somebody vouches for it.
type AidClockView struct {
	policy.AidRow
	Usable    bool      `json:"usable"`
	Confirmed *AidVouch `json:"confirmed,omitempty"`
}

// GetAidCatalogue serves GET /v1/aid-catalogue.
func (s *Server) GetAidCatalogue(ctx context.Context, _ GetAidCatalogueRequestObject) (GetAidCatalogueResponseObject, error) {
	all, err := s.Aids.Confirmations(ctx)
	if err != nil {
		return nil, err
	}
	plain := make([]policy.AidConfirmed, len(all))
	for i, c := range all {
		plain[i] = c.AidConfirmed
	}
	today := s.Now()
	rules := s.Policy.At(today)
	vouch := func(code, digest string) *AidVouch {
		i := slices.IndexFunc(all, func(c AidConfirmation) bool { return c.Code == code && c.Digest == digest })
		if i < 0 {
			return nil
		}
		return &AidVouch{Name: all[i].Name, Source: all[i].Source, By: all[i].By, At: all[i].At}
	}
	out := GetAidCatalogue200JSONResponse{Kinds: []AidKind{}, Clocks: []AidClock{}}
	for _, row := range rules.AidRows(today) {
		usable, confirmed := rules.AidVouched(row.Code, plain, today), vouch(row.Code, row.Digest)
		if kind, ok := rules.AidKind(row.Code, today); ok {
			out.Kinds = append(out.Kinds, AidKindView{AidGrantKind: kind, Digest: row.Digest, Usable: usable, Confirmed: confirmed})
			continue
		}
		out.Clocks = append(out.Clocks, AidClockView{AidRow: row, Usable: usable, Confirmed: confirmed})
	}
	return out, nil
}

// ConfirmAidRow serves POST /v1/aid-catalogue/{code}/confirm.
func (s *Server) ConfirmAidRow(ctx context.Context, r ConfirmAidRowRequestObject) (ConfirmAidRowResponseObject, error) {
	if len(Viewer(ctx).Provinces) > 0 { // the rows are of the whole nation
		return nil, errOutOfScope
	}
	rows := s.Policy.At(s.Now()).AidRows(s.Now())
	i := slices.IndexFunc(rows, func(row policy.AidRow) bool { return row.Code == r.Code })
	switch {
	case i < 0:
		return nil, casefile.ErrNotFound
	case rows[i].Digest != r.Body.Digest:
		return nil, casefile.ErrMoved
	}
	c := AidConfirmation{
		AidConfirmed: policy.AidConfirmed{Code: r.Code, Digest: r.Body.Digest, Name: strings.TrimSpace(r.Body.Name), At: s.Now()},
		By:           Viewer(ctx).Name, Source: strings.TrimSpace(r.Body.Source),
	}
	if c.Name == "" {
		return nil, invalid("name", "ต้องระบุชื่อผู้รับรอง", "say who vouches for it")
	}
	if c.Source == "" {
		return nil, invalid("source", "ต้องระบุระเบียบหรือหนังสือที่ใช้ตรวจ", "say what it was checked against")
	}
	return ConfirmAidRow204Response{}, s.Aids.Confirm(ctx, c)
}
