package smoke

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// way is a way to a member as an operator sees it.
type way struct {
	ID, Address string
	VerifiedAt  string `json:"verified_at"`
}

func (h *town) ways(name string) []way {
	h.t.Helper()
	return fetch[struct{ Contacts []way }](h, "/v1/members/"+h.memberID(name)+"/contacts").Contacts
}

// A number counts once its owner has answered from it, by SMS or by telling the
// code to who asked. Nobody sees more of it than its last digits, and a supervisor
// of another province not even that.
func TestANumberIsProvedBeforeItCounts(t *testing.T) {
	h := start(t)
	h.officers(map[string]float64{"ann": 300, "bo": 400})
	mobiles := h.given("ann", "bo")
	for _, name := range []string{"ann", "bo"} {
		w := h.ways(name)[0]
		if w.VerifiedAt != "" || w.Address != "•••"+mobiles[name].number[len(mobiles[name].number)-3:] {
			t.Errorf("before the code came back: %+v", w)
		}
	}
	path := "/v1/members/" + h.memberID("ann") + "/contacts/" + h.ways("ann")[0].ID
	if status, _ := h.request(scoped, http.MethodGet, "/v1/members/"+h.memberID("ann")+"/contacts", nil); status != http.StatusNotFound {
		t.Errorf("an operator of another province is answered %d", status)
	}
	asked := mobiles["ann"].hears("รหัสยืนยัน")
	code := sixDigits.FindString(asked.Text)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	if status, _ := h.request("somsri", http.MethodPost, path+"/confirm", map[string]any{"code": wrong}); status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code is answered %d", status)
	}
	if status, raw := h.request("somsri", http.MethodPost, path+"/confirm", map[string]any{"code": code}); status != http.StatusNoContent {
		t.Errorf("the right code is answered %d %s", status, raw)
	}
	mobiles["bo"].proves()
	for _, name := range []string{"ann", "bo"} {
		if w := h.ways(name)[0]; w.VerifiedAt == "" {
			t.Errorf("after the code came back: %+v", w)
		}
	}
}

// Every morning the national desk learns what would fail at night: an officer on
// duty who has blocked LINE and has no other way, and a ladder that ends at nobody.
func TestTheMorningListFindsWhoCannotBeReached(t *testing.T) {
	h := startOwn(t, 1)
	h.Env["ESS_MORNING_TO"] = "morning@ess.invalid"
	h.officers(map[string]float64{"ann": 300, "bo": 400})
	h.people["ann"].Block()
	unreachable := func() (people, ladders []string) {
		list := fetch[struct {
			People  []struct{ Member, Why string }
			Ladders []struct {
				Province, Role string
				Levels         []string
			}
		}](h, "/v1/roster/unreachable?limit=200")
		for _, p := range list.People {
			people = append(people, p.Member+" "+p.Why)
		}
		for _, l := range list.Ladders {
			ladders = append(ladders, l.Role+" "+strings.Join(l.Levels, "+"))
		}
		return people, ladders
	}
	h.eventually("the block is known", func() bool {
		people, _ := unreachable()
		return slices.Contains(people, h.memberID("ann")+" BLOCKED")
	})
	people, before := unreachable()
	if len(people) != 1 {
		t.Errorf("who cannot be reached: %v", people)
	}

	// The hour has come; a list that was made since midnight is forgotten, so that today's is this one.
	h.rules(map[string]string{`morning: "07:30"`: `morning: "00:00"`})
	var forgotten int
	h.database(&forgotten, "WITH gone AS (DELETE FROM mornings RETURNING 1) SELECT count(*) FROM gone")
	const counted = "ติดต่อไม่ได้ 1 คน"
	h.national("desk-desk-1300-1").hearsWithin(counted, time.Minute)
	h.national("desk-desk-1300-2").hearsWithin(counted, time.Minute)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	mail, err := h.Phones.Phone("morning@ess.invalid").Hears(ctx, "1")
	if err != nil {
		t.Fatalf("no mail in the morning: %v", err)
	}
	if strings.Contains(mail.Text+mail.Subject, "ann") || strings.Contains(mail.Text, h.memberID("ann")) {
		t.Errorf("the mail names somebody: %s", mail.Text)
	}

	h.eventually("the count is at the metrics", func() bool {
		res, err := http.Get("http://" + h.Worker.Listen + "/metrics")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		raw, _ := io.ReadAll(res.Body)
		return strings.Contains(string(raw), "\ness_unreachable_people 1\n")
	})

	// Without ศรส. the ladders of the ministry end at nobody, which is known before the night it matters.
	var closed int
	h.database(&closed, "WITH closed AS (UPDATE units SET state = 'CLOSED' WHERE level IN ('HUSEC', 'MSDHS_NATIONAL') RETURNING 1) SELECT count(*) FROM closed")
	if _, after := unreachable(); len(after) <= len(before) || !slices.Contains(after, "MSDHS HUSEC+MSDHS_NATIONAL") {
		t.Errorf("ladders that end at nobody: %v, before %v", after, before)
	}

	h.carry("ann") // a number that she has proved is a way, even while LINE is blocked
	if people, _ := unreachable(); len(people) != 0 {
		t.Errorf("who cannot be reached, after the number was proved: %v", people)
	}
}
