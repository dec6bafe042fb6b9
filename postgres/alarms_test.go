package postgres_test

import (
	"errors"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// An operator answers an alarm by its number, by the code of its case, or with no
// word more than yes: then it is what rang last. Nobody else answers anything.
func TestAnOperatorAnswersWhatRang(t *testing.T) {
	f := setup(t)
	f.unit("desk-1300", casefile.LevelDesk, 13.7, 100.5)
	for _, id := range []string{"day", "night"} {
		m := officer(id, "desk-1300", 0, 0)
		m.Role, m.Level = "", casefile.LevelDesk
		f.members(m)
	}
	f.unit("station", casefile.LevelStation, 16.8, 100.2)
	f.members(officer("police", "station", 16.8, 100.2))
	const one, other, third = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002", "cccccccc-0000-4000-8000-000000000003"
	const fourth = "eeeeeeee-0000-4000-8000-000000000004"
	alarm := func(kind, subject, ago, state string) string {
		return "A" + f.mustSQL(`INSERT INTO alarms (kind, subject, runbook, rings, rung_at, rung_to, cleared_at, answered_at, answered_by)
			VALUES ($1, $2, 'x', 1, now() - $3::interval, '{day}', CASE WHEN $4 = 'over' THEN now() END, CASE WHEN $4 = 'answered' THEN now() END,
				CASE WHEN $4 = 'answered' THEN 'night' END) RETURNING id`, kind, subject, ago, state)
	}
	inbox := alarm("INBOX_WAITING", one, "3 minutes", "")
	late := alarm("CASE_UNACKNOWLEDGED", other, "2 minutes", "")
	alarm("CASE_UNACKNOWLEDGED", third, "2 minutes", "")
	part := alarm("WORKER_SILENT", "", "1 minute", "")
	over := alarm("CASE_OVERDUE", one, "10 seconds", "over")
	alarm("LINE_SILENT", "", "1 second", "answered")

	early := "A" + f.mustSQL("INSERT INTO alarms (kind, subject, runbook) VALUES ('MEDIA_STUCK', $1, 'x') RETURNING id", one)
	soon := "A" + f.mustSQL("INSERT INTO alarms (kind, subject, runbook) VALUES ('MESSAGES_STUCK', $1, 'x') RETURNING id", fourth)

	tests := []struct {
		name   string
		member casefile.MemberID
		said   string
		option string // empty: nothing
		of     casefile.CaseID
	}{
		{"yes to what rang last and waits", "day", "", part, ""},
		{"by number, the only one of its kind", "day", inbox, inbox, one},
		{"by number, one of several", "day", late, late, ""},
		{"by number, over already: its case hears it", "day", over, over, one},
		{"by the code of a case", "day", "BBBB-BBBB", late, other},
		{"by number, before it is noted that it rang", "day", early, early, one},
		{"by the code of a case, before it is noted that it rang", "day", "EEEE-EEEE", soon, fourth},
		{"by number, of somebody who was not rung", "night", inbox, inbox, one},
		{"yes of somebody who was not rung", "night", "", "", ""},
		{"the code of no case", "day", "DDDD-DDDD", "", ""},
		{"a number that there is not", "day", "A999999", "", ""},
		{"no number", "day", "A", "", ""},
		{"an officer", "police", inbox, "", ""},
		{"nobody", "x", inbox, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := f.AlarmOf(t.Context(), tt.member, tt.said)
			if tt.option == "" {
				if !errors.Is(err, casefile.ErrNotFound) {
					t.Errorf("answers %+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Option != tt.option || got.Case != tt.of || got.RungAt.IsZero() {
				t.Errorf("answers %+v, %v; want %s of %q", got, err, tt.option, tt.of)
			}
		})
	}
}
