package smoke

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// areas writes a list of responsible stations and imports it.
func (h *town) areas(lines ...string) error {
	h.t.Helper()
	file := filepath.Join(h.Dir, h.province.Code+"-areas.csv")
	if err := os.WriteFile(file, []byte("district,unit\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return h.Run("seed", "--areas", file)
}

// The station that the police named for a district answers for it, though another one is nearer.
func TestTheStationThatThePoliceNamedAnswers(t *testing.T) {
	h := start(t)
	h.unit("named", casefile.LevelStation, h.pin.Lat+0.1, h.pin.Lon)
	h.enlist()
	place, ok := policy.DefaultPlaces().Locate(h.pin.Lat, h.pin.Lon)
	if !ok {
		t.Fatal("the pin is nowhere")
	}
	if err := h.areas(place.District+","+h.code("named"), "9999,"+h.code("named"), place.District+",nobody"); err == nil ||
		!strings.Contains(err.Error(), "-areas.csv:3:") || !strings.Contains(err.Error(), "-areas.csv:4:") {
		t.Fatalf("bad lines are not reported: %v", err)
	}
	if err := h.areas(place.District + "," + h.code("named")); err != nil {
		t.Fatal(err)
	}
	mali := h.citizen("mali")
	id := mali.reports(casefile.Gathering, h.pin)
	h.people["named"].hearsWithin("ack", time.Minute)
	if r := h.look(id); r.Station != h.unitID("named") {
		t.Errorf("responsible is %s", r.Station)
	}
}

// A province whose desks have not answered a test may not answer by its own
// roster, and whoever tries reads which of them.
func TestAProvinceWhoseDesksDoNotAnswerMayNotGoLive(t *testing.T) {
	h := start(t)
	err := h.Run("seed", "--live", h.province.Code)
	if err == nil {
		t.Fatal("it went live")
	}
	for _, words := range []string{"may not be LIVE", h.province.NameEn, "answering desk"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("the refusal does not say %q: %v", words, err)
		}
	}
}
