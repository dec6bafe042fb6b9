package channel

import (
	"strings"
	"testing"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// A phone rings for what presses and for nothing else, and no word of it says
// where somebody lives.
func TestOnlyWhatPressesRings(t *testing.T) {
	for _, k := range casefile.ObligationKinds {
		m := activities.Outgoing{Template: "care_overdue", Args: everything()}
		m.Args.Owed = &casefile.Obligation{ID: 3, Kind: k, Code: "CP_EXAM"}
		p := newPage(m, longNames)
		c, rings := p.speak(m.Template)
		if rings != k.Pressing() {
			t.Errorf("%s: a phone rings: %t", k, rings)
		}
		mail, ok := p.mail(m.Template)
		if !ok {
			t.Errorf("%s: no mail", k)
		}
		for _, words := range []string{c.say, mail.body, mail.subject} {
			if strings.Contains(words, "อยุธยา") || strings.Contains(words, "ตรวจ") {
				t.Errorf("%s: %q tells too much", k, words)
			}
		}
	}
}
