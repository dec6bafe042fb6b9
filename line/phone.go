package line

import (
	"regexp"
	"strings"
)

var (
	// Words that people write around their number. Anything else beside a number
	// means that it may be somebody else's, and the wrong person must not be called.
	phoneLead = regexp.MustCompile(`(?i)^(เบอร์โทรศัพท์|เบอร์โทรกลับ|เบอร์โทร|เบอร์|โทรศัพท์|โทร|phone|mobile|tel)[\s.:]*`)
	phoneTail = regexp.MustCompile(`(ครับผม|ครับ|คับ|ค่ะ|คะ|จ้า)[\s.]*$`)

	thaiDigits = strings.NewReplacer(
		"๐", "0", "๑", "1", "๒", "2", "๓", "3", "๔", "4", "๕", "5", "๖", "6", "๗", "7", "๘", "8", "๙", "9",
	)
	phoneMarks = strings.NewReplacer(" ", "", "\u00a0", "", "-", "", "–", "", ".", "", "(", "", ")", "")

	mobilePattern   = regexp.MustCompile(`^[689][0-9]{8}$`) // after the 0 or +66
	landlinePattern = regexp.MustCompile(`^[2-7][0-9]{7}$`)
	foreignPattern  = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)
)

// ParsePhone reads a text that is nothing but a phone number, with Thai or
// Arabic digits, and returns it in E.164 form.
func ParsePhone(text string) (string, bool) {
	s := strings.TrimSpace(text)
	s = phoneTail.ReplaceAllString(phoneLead.ReplaceAllString(s, ""), "")
	s = phoneMarks.Replace(thaiDigits.Replace(s))
	national := ""
	switch {
	case strings.HasPrefix(s, "+66"):
		national = strings.TrimPrefix(s[3:], "0") // +66 081… is a common slip
	case strings.HasPrefix(s, "0066"):
		national = s[4:]
	case strings.HasPrefix(s, "66") && len(s) >= 10:
		national = s[2:]
	case strings.HasPrefix(s, "0"):
		national = s[1:]
	case foreignPattern.MatchString(s):
		return s, true
	}
	if mobilePattern.MatchString(national) || landlinePattern.MatchString(national) {
		return "+66" + national, true
	}
	return "", false
}
