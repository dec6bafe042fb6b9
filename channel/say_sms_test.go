package channel

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/activities"
	"github.com/ess-thailand/ess/casefile"
)

// everything is a message with every value set, the personal ones too.
func everything() activities.Args {
	return activities.Args{
		Case: "a1b2c3d4-0000-4000-8000-000000000000", Code: "A1B2-C3D4", Seq: 7, Type: casefile.SexualRisk,
		Severity: casefile.Critical, State: casefile.Sent, Role: casefile.Police, Level: casefile.LevelStation, Child: true,
		Minutes: 10, Metres: 1234, AgeS: 75, Province: "65", District: "6501", Unit: "PHS01",
		Pin: &casefile.Pin{Lat: 16.824512, Lon: 100.265734}, Phone: "+66812345678",
		Waiting: &activities.TapsRung{Taps: 12, People: 9, Longest: []casefile.CaseID{"a1b2c3d4-0000-4000-8000-000000000000", "e5f60718-0000-4000-8000-000000000000"}},
		Aid:     &activities.AidSaid{ID: "d0000000-0000-4000-8000-000000000001", State: casefile.AidVisitSet, At: time.Unix(1790000000, 0).UTC()},
		Owed:    &casefile.Obligation{ID: 4, Kind: casefile.OweContact, DueAt: time.Unix(1790000000, 0).UTC()},
		Alarm:   &activities.Alarm{Answer: "A17", Runbook: "inbox-waiting", Count: 3, Cases: []casefile.CaseID{"a1b2c3d4-0000-4000-8000-000000000000"}},
	}
}

// longNames are the longest that there are in the tables of places and units.
func longNames(code string, lang casefile.Language) string {
	th := map[string]string{"65": "พระนครศรีอยุธยา", "6501": "เฉลิมพระเกียรติ", "PHS01": "สถานีตำรวจภูธรเมืองพระนครศรีอยุธยา"}
	en := map[string]string{"65": "Phra Nakhon Si Ayutthaya", "6501": "Chaloem Phra Kiat", "PHS01": "Phra Nakhon Si Ayutthaya Police Station"}
	if lang == casefile.English {
		return en[code]
	}
	return th[code]
}

func TestSentencesOfSMS(t *testing.T) {
	var b strings.Builder
	for _, name := range Templates() {
		for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
			for _, neutral := range []bool{false, true} {
				m := activities.Outgoing{Template: name, Language: lang, Args: everything()}
				m.Args.Neutral = neutral
				text, err := Text(m, longNames)
				if err != nil {
					t.Fatal(err)
				}
				plain := ""
				if neutral {
					m.Args.Neutral = false
					if plain, _ = Text(m, longNames); plain == text {
						continue // one tone
					}
				}
				n, ucs2 := Segments(text)
				fmt.Fprintf(&b, "== %s, %s, neutral %t: %d parts, UCS-2 %t\n%s\n", name, lang, neutral, n, ucs2, text)
				if n > mostSegments {
					t.Errorf("%s (%s): %d parts", name, lang, n)
				}
				if ucs2 != (lang == casefile.Thai) {
					t.Errorf("%s (%s): UCS-2 %t", name, lang, ucs2)
				}
			}
		}
	}
	golden(t, "sms", b.String())
}

func TestNoSMSTellsWhatNobodyElseMayRead(t *testing.T) {
	never := []string{
		"812345678", "081", "16.8245", "100.2657", // the number and the place
		"ล่วงละเมิด", "ทำร้าย", "กักขัง", "คลุ้มคลั่ง", "มั่วสุม", "เด็ก", "sexual", "abuse", "harmed", "detention", "frenzy", "child", "Critical", "CRITICAL",
	}
	for _, name := range Templates() {
		for _, typ := range casefile.IncidentTypes {
			for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
				m := activities.Outgoing{Template: name, Language: lang, Args: everything()}
				m.Args.Type = typ
				text, _ := Text(m, longNames)
				for _, word := range never {
					if strings.Contains(text, word) {
						t.Errorf("%s (%s) says %q", name, lang, word)
					}
				}
			}
		}
	}
}

func TestNeutralWordsBetrayNothing(t *testing.T) {
	never := []string{"เจ้าหน้าที่", "ตำรวจ", "แจ้งเหตุ", "อันตราย", "191", "ยกเลิก", "officer", "Officer", "police", "danger", "safe", "report", "ambulance"}
	for _, name := range Templates() {
		if texts[name] == nil || digits[name] != nil {
			continue // asked of responders only
		}
		for _, lang := range []casefile.Language{casefile.Thai, casefile.English} {
			m := activities.Outgoing{Template: name, Language: lang, Args: everything()}
			plain, _ := Text(m, longNames)
			m.Args.Neutral = true
			neutral, _ := Text(m, longNames)
			if plain == neutral {
				continue // to responders, or without anything to betray
			}
			for _, word := range never {
				if strings.Contains(neutral, word) {
					t.Errorf("%s (%s) says %q: %s", name, lang, word, neutral)
				}
			}
		}
	}
}

var offered = regexp.MustCompile(`(?:Reply |\n)([0-9]) `)

// What a text promises a digit does is what the table of answers makes of it.
func TestEveryDigitThatATextNamesIsUnderstood(t *testing.T) {
	for _, name := range Templates() {
		text, _ := Text(activities.Outgoing{Template: name, Language: casefile.English, Args: everything()}, longNames)
		if slices.Contains([]string{"sms_help_member", "closing_question", "sms_which", "watch_alarm"}, name) {
			continue // of any case; a report; read at the door
		}
		for _, m := range offered.FindAllStringSubmatch(text, -1) {
			if _, known := Action(name, int(m[1][0]-'0'), false); !known {
				t.Errorf("%s promises %s, and nobody knows what it means", name, m[1])
			}
		}
	}
	if a, ok := Action("offer_desk", 1, true); !ok || a != casefile.ActAck {
		t.Errorf("a desk that sends nobody says %s", a)
	}
	if _, ok := Action("stand_down", 1, false); ok {
		t.Error("a statement is no question")
	}
	for name := range digits {
		if !slices.Contains(Templates(), name) {
			t.Errorf("%s is answered and never said", name)
		}
	}
}
