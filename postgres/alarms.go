package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres/internal/db"
)

// RungAlarm is an alarm of the second watcher that an operator may answer
// without a button.
type RungAlarm struct {
	Option string          // how an answer names it, as on its button
	Case   casefile.CaseID // the case that should hear the answer; empty: about none, or about several
	RungAt time.Time       // real time
}

// AlarmOf finds what an operator of the national desk answers: said is the number
// of an alarm such as A17, the code of a case, or empty for what rang last. Nobody
// else, and nothing to answer, is casefile.ErrNotFound.
func (s *Store) AlarmOf(ctx context.Context, member casefile.MemberID, said string) (RungAlarm, error) {
	p := db.AlarmOfParams{MemberID: string(member), Alarm: 0, Code: ""}
	if n, ok := strings.CutPrefix(said, "A"); ok && !strings.Contains(said, "-") {
		id, err := strconv.ParseInt(n, 10, 64)
		if err != nil || id <= 0 {
			return RungAlarm{}, casefile.ErrNotFound
		}
		p.Alarm = id
	} else {
		p.Code = strings.ToLower(strings.ReplaceAll(said, "-", ""))
	}
	var a RungAlarm
	err := s.once(ctx, func(q *db.Queries) error {
		row, err := q.AlarmOf(ctx, p)
		if err != nil {
			return err
		}
		a = RungAlarm{Option: "A" + strconv.FormatInt(row.ID, 10), RungAt: row.RungAt}
		if row.Alone || p.Code != "" {
			a.Case = casefile.CaseID(row.Subject)
		}
		return nil
	})
	return a, err
}
