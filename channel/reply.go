package channel

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
)

// Keys of an answer. They mean the same in an SMS and on the keys of a telephone.
const (
	KeyNo      = 0 // cannot go; on the way already: cannot go after all
	KeyYes     = 1 // I go, we have it, I take it
	KeyArrived = 2
	KeyControl = 3
	KeyDanger  = 9 // a responder in danger
)

// mostMinutes is the longest time of arrival that anybody may name, as on a button.
const mostMinutes = 600

// Reply is an answer to something that we asked: a key, and what goes with it.
type Reply struct {
	Key     int
	Minutes int    // until arrival; 0: not said
	Code    string // of the case, as casefile.Case.Code writes it; empty: not said
	Alarm   string // of the second watcher, such as A17; empty: not said
}

var (
	codeInText  = regexp.MustCompile(`(^|[^0-9A-Z])([0-9A-F]{4})[- ]?([0-9A-F]{4})($|[^0-9A-Z])`)
	alarmInText = regexp.MustCompile(`(^|[^0-9A-Z])(A[0-9]{1,18})($|[^0-9A-Z])`)
	// Words that people write around an answer and that change nothing.
	politeWords = regexp.MustCompile(`นาที|ครับผม|ครับ|คับ|ค่ะ|คะ|จ้า|\b(MINUTES|MINUTE|MINS|MIN)\b|([0-9])(MINUTES|MINUTE|MINS|MIN)\b`)
	separators  = strings.NewReplacer(",", " ", ".", " ", ";", " ", ":", " ", "/", " ", "#", " ")
)

// plain is a text without what a telephone's keyboard may add: Thai digits, small
// letters, several spaces, long dashes, marks that nobody sees.
func plain(text string) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Pd, r) || r == '−':
			return '-'
		case unicode.Is(unicode.Cf, r) || unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToUpper(phone.Digits(text)))
	return strings.Join(strings.Fields(visible), " ")
}

// ParseReply reads an answer: a key, and in any order the minutes until arrival
// and the code of the case ("1 10 AB12-CD34"). Anything else is no answer: it is
// kept, and a human may make sense of it.
func ParseReply(text string) (Reply, bool) {
	s := plain(text)
	var r Reply
	if m := codeInText.FindStringSubmatchIndex(s); m != nil {
		r.Code = s[m[4]:m[5]] + "-" + s[m[6]:m[7]]
		s = s[:m[4]] + " " + s[m[7]:]
	} else if m := alarmInText.FindStringSubmatchIndex(s); m != nil {
		r.Alarm = s[m[4]:m[5]]
		s = s[:m[4]] + " " + s[m[5]:]
	}
	words := strings.Fields(separators.Replace(politeWords.ReplaceAllString(s, "$2 ")))
	if len(words) == 0 || len(words) > 2 || len(words[0]) != 1 {
		return Reply{}, false
	}
	key, err := strconv.Atoi(words[0])
	if err != nil || !slices.Contains([]int{KeyNo, KeyYes, KeyArrived, KeyControl, KeyDanger}, key) {
		return Reply{}, false
	}
	r.Key = key
	if len(words) == 2 {
		n, err := strconv.Atoi(words[1])
		if err != nil || n < 1 || n > mostMinutes || words[1][0] == '+' || key != KeyYes {
			return Reply{}, false
		}
		r.Minutes = n
	}
	return r, true
}

// OneDigit reports whether a text is a digit and nothing else: of somebody whom
// we ask questions an answer, right or wrong, and never a report.
func OneDigit(text string) bool {
	s := plain(text)
	return len(s) == 1 && s[0] >= '0' && s[0] <= '9'
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// ParseCode reads the six digits that prove an address, and nothing else.
func ParseCode(text string) (string, bool) {
	s := strings.NewReplacer(" ", "", "-", "", ".", "", "#", "").Replace(plain(text))
	return s, sixDigits.MatchString(s)
}

var (
	// A map's link to a place names the place itself behind the part of the map that it shows.
	placeInLink = regexp.MustCompile(`!3D(-?[0-9]{1,2}\.[0-9]+)!4D(-?[0-9]{1,3}\.[0-9]+)`)
	twoDegrees  = regexp.MustCompile(`(?:^|[^0-9.])(-?[0-9]{1,3}\.[0-9]{2,})\s*°?\s*[,; ]\s*(-?[0-9]{1,3}\.[0-9]{2,})(?:$|[^0-9])`)
	escaped     = strings.NewReplacer("%2C", ",", "%20", " ", "+", " ", "%3B", ";")
)

// ParsePin finds a place in a text: "lat,lon", or a map's link that holds them,
// and what else is written. A link that only leads to a place is a text: nobody
// follows links for a stranger.
func ParsePin(text string) (lat, lon float64, rest string, ok bool) {
	s := escaped.Replace(plain(text))
	for _, pattern := range []*regexp.Regexp{placeInLink, twoDegrees} {
		m := pattern.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		a, errA := strconv.ParseFloat(m[1], 64)
		b, errB := strconv.ParseFloat(m[2], 64)
		if errA != nil || errB != nil {
			continue
		}
		for _, p := range []casefile.Pin{{Lat: a, Lon: b}, {Lat: b, Lon: a}} { // some write the longitude first
			if p.Usable() {
				return p.Lat, p.Lon, words(text), true
			}
		}
	}
	return 0, 0, text, false
}

var (
	links      = regexp.MustCompile(`(?i)\b(https?://|geo:)\S+`)
	twoNumbers = regexp.MustCompile(`-?[0-9]{1,3}\.[0-9]{2,}\s*°?\s*[,; ]\s*-?[0-9]{1,3}\.[0-9]{2,}°?`)
)

// words are what stands in a text beside a place.
func words(text string) string {
	return strings.Trim(twoNumbers.ReplaceAllString(links.ReplaceAllString(phone.Digits(text), " "), " "), " \t\r\n,;:()")
}

// mayCall is how people write that they may be called back.
var mayCall = []string{"โทรได้", "โทรกลับได้", "โทรมาได้", "โทรกลับ", "CALL ME", "CALL", "YOU CAN CALL", "YOU MAY CALL"}

// MayCall reports whether a text says that its writer may be called.
func MayCall(text string) bool {
	return slices.Contains(mayCall, strings.Trim(strings.TrimSpace(politeWords.ReplaceAllString(plain(text), "")), ".! "))
}

// Question is something that was asked of a member, and where its case stands now.
type Question struct {
	Member   casefile.MemberID
	Case     casefile.Case // without what is personal
	Offer    int           // the event that asked
	Template string        // the message; empty: only the case itself knows that the member was asked
	At       time.Time
	Answered bool // from the telephone
}

// Meant is what an answer is about.
type Meant struct {
	Question
	Action casefile.Action
	Reason string // a code that goes with the action
	Waits  bool   // the question waits for an answer
}

// Meant finds what the answer is about among everything that the person was
// asked. The code of a case decides; without one it is what was asked last, and
// where answers to two cases fit the person must say which: then several holds
// the cases, and nothing is meant.
func (r Reply) Meant(asked []Question) (m Meant, several []casefile.CaseID, ok bool) {
	var best []Meant // the best fit of each case, of those that fit as well the newest
	rank := map[casefile.CaseID]fit{}
	asked = named(asked)
	slices.SortStableFunc(asked, func(a, b Question) int { return b.At.Compare(a.At) })
	for _, q := range asked {
		if r.Code != "" && q.Case.Code() != r.Code {
			continue
		}
		meant, how := r.fits(q)
		if how == unfit {
			continue
		}
		if how > rank[q.Case.ID] {
			best = slices.DeleteFunc(best, func(b Meant) bool { return b.Case.ID == q.Case.ID })
			best, rank[q.Case.ID] = append(best, meant), how
		}
	}
	top := unfit
	for _, how := range rank {
		top = max(top, how)
	}
	best = slices.DeleteFunc(best, func(b Meant) bool { return rank[b.Case.ID] < top })
	slices.SortStableFunc(best, func(a, b Meant) int { return b.At.Compare(a.At) })
	switch {
	case len(best) == 0:
		return Meant{}, nil, false
	case len(best) == 1 || top < waits: // of what is over the newest
		best[0].Waits = top == waits
		return best[0], nil, true
	}
	for _, b := range best {
		several = append(several, b.Case.ID)
	}
	return Meant{}, several, false
}

// fit says how well an answer goes with a question.
type fit int

const (
	unfit fit = iota
	late      // the case has ended
	again     // answered before, or the question has settled itself
	waits     // it waits for this answer
)

// fits says what the answer means to a question.
func (r Reply) fits(q Question) (Meant, fit) {
	m := Meant{Question: q}
	t, asked := q.Case.TrackOf(q.Member)
	team := onTeam(t, q.Member)
	switch r.Key {
	case KeyArrived, KeyControl, KeyDanger:
		m.Action = map[int]casefile.Action{
			KeyArrived: casefile.ActArrive, KeyControl: casefile.ActControl, KeyDanger: casefile.ActAssist,
		}[r.Key]
		if team && q.Case.Open() {
			return m, waits
		}
		return m, settled(q.Case)
	case KeyNo:
		if team && q.Case.Open() {
			m.Action = casefile.ActWithdraw
			return m, waits
		}
	}
	action, known := Action(q.Template, r.Key, q.Template == "offer_desk" && r.Minutes == 0) // a desk's bare word sends nobody
	if !known {
		return m, unfit
	}
	m.Action = action
	switch action {
	case casefile.ActDecline:
		m.Reason = "NOT_ABLE"
		if q.Template == "offer_desk" {
			m.Reason = "NO_UNIT"
		}
	case casefile.ActRefuseOver:
		m.Reason = "NO_CAPACITY"
	}
	if q.Answered || !q.Case.Open() || team && r.Key == KeyYes {
		return m, settled(q.Case)
	}
	stillWaits := true
	switch q.Template {
	case "offer", "offer_desk":
		i := slices.IndexFunc(t.Offers, func(o casefile.Offer) bool { return o.Member == q.Member })
		stillWaits = asked && i >= 0 && t.Offers[i].Answer == casefile.NoAnswer && !t.Filled() && q.Case.State.BeforeControl()
	case "desk_item", "desk_taps":
		stillWaits = q.Case.Desk != nil && q.Case.Desk.Owner == (casefile.Actor{})
	case "handover_offer":
		stillWaits = q.Case.State == casefile.Handover
	case "radio_alert":
		stillWaits = q.Case.RadioSeen.IsZero()
	}
	if !stillWaits {
		return m, settled(q.Case)
	}
	return m, waits
}

func settled(c casefile.Case) fit {
	if c.Open() {
		return again
	}
	return late
}

func onTeam(t casefile.Track, m casefile.MemberID) bool {
	return slices.ContainsFunc(t.Team, func(a casefile.Assignment) bool { return a.Member == m && a.Active() })
}

// named gives the questions that only the case knows of the name of their
// message, so that an answer is understood that comes before the message is
// written down.
func named(asked []Question) []Question {
	var out []Question
	for _, q := range asked {
		if q.Template != "" {
			out = append(out, q)
			continue
		}
		for _, t := range q.Case.Tracks {
			for _, o := range t.Offers {
				if o.Member != q.Member {
					continue
				}
				q.Offer, q.At, q.Template = o.Seq, o.At, "offer_desk"
				switch o.Level {
				case casefile.LevelNear:
					q.Template = "offer"
				case casefile.LevelDesk:
					q.Template = "desk_item"
				}
				out = append(out, q)
			}
		}
	}
	return out
}
