package workflows

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/ess-thailand/ess/casefile"
)

// kindOf is what a case is about: its incident, or the hardship for which an office opened it.
func kindOf(c casefile.Case) string {
	if c.Type == "" && c.Care != nil {
		return string(c.Care.Problem)
	}
	return string(c.Type)
}

// shownOwed is how many obligations a supervisor sees in the details.
const shownOwed = 8

// careDetails is a follow-up in the words of a supervisor.
func careDetails(c casefile.Case) string {
	var b strings.Builder
	open := c.Care.Open()
	late := 0
	for _, o := range open {
		if o.Calls > 0 {
			late++
		}
	}
	manager := "nobody manages it yet"
	if c.Care.Manager != "" {
		manager = "managed by " + string(c.Care.Manager)
	}
	b.WriteString(fmt.Sprintf("**In follow-up**, owned by unit %s, %s, %d owed, %d overdue.\n\n", c.Owner, manager, len(open), late))
	b.WriteString(fmt.Sprintf("- Risk %s, plan %s\n", cmp.Or(string(c.Care.Risk), "not assessed"), cmp.Or(string(c.Care.Plan), "none")))
	for _, o := range open[:min(len(open), shownOwed)] {
		what := strings.ToLower(string(o.Kind))
		if o.Code != "" {
			what += " " + o.Code
		}
		overdue := ""
		if o.Calls > 0 {
			overdue = fmt.Sprintf(", overdue, called %d times", o.Calls)
		}
		b.WriteString(fmt.Sprintf("- %d: %s, due %s%s\n", o.ID, what, o.DueAt.UTC().Format("2006-01-02 15:04Z"), overdue))
	}
	if len(open) > shownOwed {
		b.WriteString(fmt.Sprintf("- and %d more\n", len(open)-shownOwed))
	}
	return b.String()
}
