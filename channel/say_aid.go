package channel

import "github.com/ess-thailand/ess/policy"

// A message about an aid request may be read on a stranger's screen and by the provider that carries it: it has the
// code of the request and a number to call, and neither who asks nor what for.

// smsAid tells a member or an office that something waits.
func smsAid(what pair) func(page) (must, may []string) {
	return func(p page) (must, may []string) {
		first := p.head() + " " + p.in(what)
		if p.Aid != nil && !p.Aid.At.IsZero() {
			first += p.Aid.At.In(policy.Bangkok).Format(" (2/1 15:04)")
		}
		return []string{first, p.say("ดูใน LINE หรือในระบบ หรือโทร 1300 แจ้งรหัสนี้", "See LINE or the console, or call 1300 with this code.")}, nil
	}
}

// smsAidPerson tells whoever asked for help that there is news, and whom to ask.
func smsAidPerson(p page) (must, may []string) {
	return []string{p.tone(
		p.say("คำขอ "+p.Code+" ของท่านมีความคืบหน้า โทร 1300", "There is news of your request "+p.Code+". Call 1300."),
		p.say("มีข้อมูลใหม่", "There is something new."))}, nil
}
