package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// groups links what the duty desk asks for, in memory.
type groups struct {
	desk string // LINE user ID of the only duty desk
	of   []string
}

func (g *groups) LinkGroup(_ context.Context, userID, group string, _ time.Time) (casefile.Language, error) {
	if userID != g.desk {
		return "", casefile.ErrNotFound
	}
	g.of = append(g.of, group)
	return casefile.Thai, nil
}

func (g *groups) UnlinkGroup(_ context.Context, group string) error {
	g.of = slices.DeleteFunc(g.of, func(id string) bool { return id == group })
	return nil
}

const groupID = "C0123456789abcdef0123456789abcdef"

func TestAGroupHearsOnlyItsOwnDesk(t *testing.T) {
	in := func(id, what string) string {
		return strings.Replace(event(id, what), `"type":"user"`, `"type":"group","groupId":"`+groupID+`"`, 1)
	}
	text := func(id, words string) string {
		return in(id, `"type":"message","message":{"type":"text","id":"1","text":"`+words+`"}`)
	}
	tests := []struct {
		name   string
		desk   string
		events []string
		said   []string
		linked int
	}{
		{"the desk links its group", user, []string{text("01A", "เชื่อมกลุ่ม")}, []string{"group_linked"}, 1},
		{"once, though LINE sends it twice", user, []string{text("01A", "เชื่อมกลุ่ม"), text("01A", "เชื่อมกลุ่ม")}, []string{"group_linked"}, 1},
		{"somebody else links nothing and hears nothing", "U" + strings.Repeat("9", 32), []string{text("01A", "เชื่อมกลุ่ม")}, nil, 0},
		{"a cry for help in a group", user, []string{text("01A", "ช่วยด้วย")}, nil, 0},
		{"an incident tap in a group", user, []string{in("01A", `"type":"postback","postback":{"data":"v1|report|t=1"}`)}, nil, 0},
		{"the account is invited, and says nothing", user, []string{in("01A", `"type":"join"`)}, nil, 0},
		{"the account is taken out", user, []string{text("01A", "เชื่อมกลุ่ม"), in("01B", `"type":"leave"`)}, []string{"group_linked"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t)
			g := &groups{desk: tt.desk}
			d.server.Groups = g
			for _, e := range tt.events {
				if body := webhook(e); d.posts(body, sign(body)) != http.StatusOK {
					t.Fatal("not taken")
				}
				d.server.run.wait()
			}
			var said []string
			for _, m := range d.said {
				if said = append(said, m.Template); m.To != groupID || !m.ReplyOnly {
					t.Errorf("not a reply in the group: %+v", m)
				}
			}
			if !slices.Equal(said, tt.said) || len(g.of) != tt.linked {
				t.Errorf("said %v, linked %v", said, g.of)
			}
			for _, a := range d.arrived {
				if a.UserID != "" || a.In.Word != casefile.Unknown || len(a.Raw) == 0 {
					t.Errorf("kept as %s of %q", a.In.Word, a.UserID)
				}
			}
			if len(d.nudged) != 0 {
				t.Error("a group woke a case")
			}
		})
	}
}
