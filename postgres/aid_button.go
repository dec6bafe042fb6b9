package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// aidButtons are what a member may press on a card of an aid request, and what it says.
var aidButtons = map[casefile.Action]casefile.AidEventKind{
	casefile.ActAidMissed: casefile.AidVisitMissed, casefile.ActAidWithdraw: casefile.AidTakenBack,
}

// aidButton takes the button of whoever visits, or filed, an aid request; for anybody else there is no such request. A
// press is written by the phone, so nothing in it is trusted: the right is looked up here, and the law judges the rest and
// answers.
func (s *Store) aidButton(ctx context.Context, q *db.Queries, in casefile.Incoming, a *Arrival, t thread, r *Routed) error {
	kind, known := aidButtons[in.Action]
	if t.member == "" || !known {
		return nil
	}
	row, err := q.ReadAid(ctx, string(in.Aid))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	request, err := readAid(row.Doc)
	if err != nil {
		return err
	}
	by := casefile.Actor{Kind: casefile.ByMember, ID: string(t.member)}
	mine := kind == casefile.AidVisitMissed && request.Visitor == t.member || kind == casefile.AidTakenBack && request.Filer == by
	switch {
	case !mine || request.State == casefile.AidDraft:
		return nil
	case kind == casefile.AidTakenBack && in.Reason == "":
		r.Talk = casefile.TalkAnswer{Say: "aid_why", Aid: in.Aid}
		return nil
	case !slices.Contains(casefile.AidReasons[kind], in.Reason):
		return nil
	}
	order := casefile.AidOrder{ID: string(a.EventID), Kind: kind, By: by, Reason: in.Reason}
	r.Aid, r.Talk = in.Aid, casefile.TalkAnswer{Say: casefile.SaidLater}
	r.AidN, err = s.sayToAid(ctx, q, in.Aid, aidKey(in.Aid, order.ID), order)
	return err
}
