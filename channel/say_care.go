package channel

import "github.com/ess-thailand/ess/policy"

// What is owed in a follow-up is settled in LINE or in the console, where it is
// seen what it is: a message of another way says that it waits, and no more. No
// key answers it, for a bare digit would not say which of several things is done.

var (
	careWaits   = pair{"มีงานรอท่าน", "Something waits for you."}
	careOverdue = pair{"มีงานเลยกำหนด", "Something is overdue."}
)

// smsCare is a reminder with the day by which it is owed.
func smsCare(what pair) func(page) (must, may []string) {
	return func(p page) (must, may []string) {
		first := p.head() + " " + p.in(what)
		if p.Owed != nil && !p.Owed.DueAt.IsZero() {
			first += p.Owed.DueAt.In(policy.Bangkok).Format(" (2/1 15:04)")
		}
		lines := []string{first, p.say("ดูใน LINE หรือในระบบ หรือโทร 1300 แจ้งรหัสนี้", "See LINE or the console, or call 1300 with this code.")}
		if p.NoCall || p.Contact != nil && p.Contact.NoCall {
			lines = append(lines, p.say("ห้ามโทรหาผู้รับการดูแล", "DO NOT CALL the person."))
		}
		return lines, nil
	}
}

// ofCare reports whether a message is about something that is owed.
func ofCare(template string) bool { return template == "care_owed" || template == "care_overdue" }

// rings reports whether a message is worth a ringing phone: of what is owed, only what presses.
func (p page) rings(template string) bool {
	return !ofCare(template) || p.Owed != nil && p.Owed.Kind.Pressing()
}
