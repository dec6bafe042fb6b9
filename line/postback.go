package line

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ess-thailand/ess/casefile"
)

// A button carries "v1|<action>|k=v|k=v…". It names what was pressed and holds
// nothing personal; it is written by the client, so whoever acts on it checks
// the right to do so. Buttons live as long as a chat: a version is never reused.
const (
	postbackVersion = "v1"
	maxPostback     = 300
	report          = "report" // an incident tap; everything else is a casefile.Action
)

// buttons are the actions that a person may press. What one case tells another
// is not among them: a forged postback must not speak for a case.
var buttons = []casefile.Action{
	casefile.ActCancel, casefile.ActSafe, casefile.ActStatus, casefile.ActMovePin, casefile.ActNoCall, casefile.ActCheckYes,
	casefile.ActCheckNo, casefile.ActNotSolved, casefile.ActSolved, casefile.ActRate, casefile.ActCard, casefile.ActMenu, casefile.ActHotlines,
	casefile.ActPractice, casefile.ActNotUrgent, casefile.ActLanguage, casefile.ActAck, casefile.ActAccept, casefile.ActDecline,
	casefile.ActDepart, casefile.ActArrive, casefile.ActCannotFind, casefile.ActControl, casefile.ActWithdraw, casefile.ActAssist,
	casefile.ActTakeOver, casefile.ActRefuseOver, casefile.ActDutyOn, casefile.ActDutyOff, casefile.ActHeard,
	casefile.ActRadioSeen, casefile.ActDeskTake, casefile.ActCentreTake,
	casefile.ActConcern, casefile.ActTasks, casefile.ActTask, casefile.ActConcernTake, casefile.ActConcernDecline, casefile.ActConcernFollow,
	casefile.ActConcernUrgent, casefile.ActJoin, casefile.ActVet,
}

var (
	caseIDPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	reasonPattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,31}$`)
)

// Encode writes a tap or a pressed button as postback data. The answer to a
// question card is ActCard with the card's code as Reason and the answer's as Option.
func Encode(in casefile.Incoming) string {
	action := string(in.Action)
	if in.Word == casefile.Tapped {
		action = report
	}
	var b strings.Builder
	b.WriteString(postbackVersion + "|" + action)
	put := func(key, value string) {
		if value != "" && value != "0" {
			b.WriteString("|" + key + "=" + value)
		}
	}
	put("c", string(in.Case))
	put("o", strconv.Itoa(in.Offer))
	// The place in the menu instead of the code: nobody who sees the data learns the type.
	put("t", strconv.Itoa(slices.Index(casefile.IncidentTypes, in.Type)+1))
	put("q", yesMark(in.Quiet))
	put("m", strconv.Itoa(in.Minutes))
	put("r", string(in.Role))
	put("w", in.Reason)
	put("a", in.Option)
	put("y", yesMark(in.Yes))
	put("l", string(in.Language))
	put("n", string(in.Concern))
	put("d", string(in.Aid))
	put("g", string(in.Registration))
	return b.String()
}

func yesMark(on bool) string {
	if on {
		return "1"
	}
	return ""
}

// Decode reads postback data. Anything that Encode cannot have written is Unknown.
func Decode(data string) casefile.Incoming {
	unknown := casefile.Incoming{Word: casefile.Unknown}
	parts := strings.Split(data, "|")
	if len(data) > maxPostback || len(parts) < 2 || parts[0] != postbackVersion {
		return unknown
	}
	in := casefile.Incoming{Word: casefile.Pressed, Action: casefile.Action(parts[1])}
	if parts[1] == report {
		in = casefile.Incoming{Word: casefile.Tapped}
	} else if !slices.Contains(buttons, in.Action) && !slices.Contains(careActions, in.Action) && !slices.Contains(aidActions, in.Action) {
		return unknown
	}
	seen := ""
	for _, part := range parts[2:] {
		key, value, _ := strings.Cut(part, "=")
		if len(key) != 1 || strings.Contains(seen, key) || !set(&in, key, value) {
			return unknown
		}
		seen += key
	}
	if in.Word == casefile.Tapped && in.Type == "" && !in.Quiet {
		return unknown // a report names its type, or it is the silent one
	}
	return in
}

// set puts one checked value into the incoming and reports whether it was valid.
func set(in *casefile.Incoming, key, value string) bool {
	switch key {
	case "c":
		in.Case = casefile.CaseID(value)
		return caseIDPattern.MatchString(value)
	case "o":
		return number(&in.Offer, value, 1_000_000)
	case "t":
		var place int
		ok := number(&place, value, len(casefile.IncidentTypes))
		if ok {
			in.Type = casefile.IncidentTypes[place-1]
		}
		return ok
	case "q":
		in.Quiet = true
		return value == "1"
	case "m":
		return number(&in.Minutes, value, 600)
	case "r":
		in.Role = casefile.Role(value)
		return slices.Contains(casefile.Roles, in.Role)
	case "w":
		in.Reason = value
		return reasonPattern.MatchString(value)
	case "a":
		in.Option = value
		return reasonPattern.MatchString(value)
	case "y":
		in.Yes = true
		return value == "1"
	case "g":
		in.Registration = casefile.RegistrationID(value)
		return caseIDPattern.MatchString(value)
	case "n":
		in.Concern = casefile.ConcernID(value)
		return caseIDPattern.MatchString(value)
	case "d":
		in.Aid = casefile.AidID(value)
		return caseIDPattern.MatchString(value)
	case "l":
		in.Language = casefile.Language(value)
		return in.Language == casefile.Thai || in.Language == casefile.English
	default:
		return false
	}
}

// number reads 1 to most, written as we write it: no sign, no leading zero.
func number(to *int, value string, most int) bool {
	n, err := strconv.Atoi(value)
	*to = n
	return err == nil && n >= 1 && n <= most && strconv.Itoa(n) == value
}
