// Package phone is the one way in which a telephone number is read: whatever
// people, rosters and providers write, it is kept and looked for in E.164 form.
package phone

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// home is where a number without a country code belongs.
const home = "TH"

var (
	digits = strings.NewReplacer(
		"๐", "0", "๑", "1", "๒", "2", "๓", "3", "๔", "4", "๕", "5", "๖", "6", "๗", "7", "๘", "8", "๙", "9",
	)
	marks = strings.NewReplacer(" ", "", "\u00a0", "", "-", "", "–", "", ".", "", "(", "", ")", "")

	// The library finds a number in many a text. Only a text that is nothing else
	// counts: the wrong person must not be called.
	nothingElse = regexp.MustCompile(`^\+?[0-9]{8,15}$`)
)

// Digits writes Thai digits as Arabic ones.
func Digits(text string) string { return digits.Replace(text) }

// E164 reads a text that is nothing but a telephone number which can exist.
func E164(text string) (string, bool) {
	s := marks.Replace(Digits(strings.TrimSpace(text)))
	if !nothingElse.MatchString(s) {
		return "", false
	}
	switch { // of a Thai number people write the country code in any way
	case strings.HasPrefix(s, "0066"):
		s = "+66" + s[4:]
	case strings.HasPrefix(s, "66") && len(s) >= 10:
		s = "+" + s
	}
	n, err := phonenumbers.Parse(s, home)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}
