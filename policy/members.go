package policy

// MemberRule is how long the steps of a membership take.
type MemberRule struct {
	Answer Span `yaml:"answer"` // somebody who is joining and says no more has broken off
	Remind Span `yaml:"remind"` // between two reminders of whoever decides
	Climb  Span `yaml:"climb"`  // after which the office of the province is asked, too
	Valid  Span `yaml:"valid"`  // of a membership
	Renew  Span `yaml:"renew"`  // before its end the member is asked whether to go on
	Adult  int  `yaml:"adult"`  // age in years
	Care   Span `yaml:"care"`   // after a hard case those who were there are asked how they are
}

func (c *checker) members(m MemberRule) {
	path := at{"members"}
	for name, span := range map[string]Span{"answer": m.Answer, "remind": m.Remind, "climb": m.Climb, "valid": m.Valid, "renew": m.Renew, "care": m.Care} {
		positive(c, path.to(name), span.Duration)
	}
	if m.Renew.Duration >= m.Valid.Duration {
		c.fail(path.to("renew"), "must be shorter than valid")
	}
	if m.Adult < 15 || m.Adult > 25 {
		c.fail(path.to("adult"), "want an age from 15 to 25")
	}
}
