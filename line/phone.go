package line

import (
	"regexp"
	"strings"

	"github.com/ess-thailand/ess/phone"
)

// Words that people write around their number. Anything else beside a number
// means that it may be somebody else's, and the wrong person must not be called.
var (
	phoneLead = regexp.MustCompile(`(?i)^(เบอร์โทรศัพท์|เบอร์โทรกลับ|เบอร์โทร|เบอร์|โทรศัพท์|โทร|phone|mobile|tel)[\s.:]*`)
	phoneTail = regexp.MustCompile(`(ครับผม|ครับ|คับ|ค่ะ|คะ|จ้า)[\s.]*$`)
)

// ParsePhone reads a text that is nothing but a phone number, with Thai or
// Arabic digits and polite words, and returns it in E.164 form.
func ParsePhone(text string) (string, bool) {
	s := strings.TrimSpace(text)
	return phone.E164(phoneTail.ReplaceAllString(phoneLead.ReplaceAllString(s, ""), ""))
}
