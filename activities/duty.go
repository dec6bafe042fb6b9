package activities

// Templates of what is said about shifts, which belong to no case.
const (
	DutyBegins = "duty_begins"
	DutyEnds   = "duty_ends"
	DutyGap    = "duty_gap" // to the duty desks of a unit whose shift has nobody
)
