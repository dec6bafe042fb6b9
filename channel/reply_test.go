package channel

import (
	"slices"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

func TestParseReply(t *testing.T) {
	tests := map[string]Reply{
		"1":                        {Key: 1},
		" 1 10 ":                   {Key: 1, Minutes: 10},
		"๑ ๑๐":                     {Key: 1, Minutes: 10},
		"1,10":                     {Key: 1, Minutes: 10},
		"1 10 นาทีครับ":            {Key: 1, Minutes: 10},
		"1 10นาที":                 {Key: 1, Minutes: 10},
		"1 15min":                  {Key: 1, Minutes: 15},
		"1 15 minutes":             {Key: 1, Minutes: 15},
		"1 ab12-cd34":              {Key: 1, Code: "AB12-CD34"},
		"1 10 AB12CD34":            {Key: 1, Minutes: 10, Code: "AB12-CD34"},
		"1 AB12 CD34 10":           {Key: 1, Minutes: 10, Code: "AB12-CD34"},
		"AB12–CD34 0":              {Key: 0, Code: "AB12-CD34"}, // a dash that a telephone made of a hyphen
		"ab12-cd34 0":              {Key: 0, Code: "AB12-CD34"},
		"1 5 1234-5678":            {Key: 1, Minutes: 5, Code: "1234-5678"},
		"1 12345678":               {Key: 1, Code: "1234-5678"},
		"0":                        {Key: 0},
		"๐ ค่ะ":                    {Key: 0},
		"2.":                       {Key: 2},
		"3 AB12-CD34":              {Key: 3, Code: "AB12-CD34"},
		"9":                        {Key: 9},
		"1 A17":                    {Key: 1, Alarm: "A17"},
		"1 a1234":                  {Key: 1, Alarm: "A1234"},
		"1\u200b 10":               {Key: 1, Minutes: 10},
		"1\r\n10\nAB12-CD34\u00a0": {Key: 1, Minutes: 10, Code: "AB12-CD34"},
		"1#":                       {Key: 1},
		"1 600":                    {Key: 1, Minutes: 600},
		"1 1":                      {Key: 1, Minutes: 1},
	}
	for text, want := range tests {
		if got, ok := ParseReply(text); got != want || !ok {
			t.Errorf("%q: %+v %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", " ", "4", "5", "11", "110", "1 0", "1 601", "1 -5", "1 +5", "1 10 20", "2 10", "0 5", "1 AB12-CD3", "1 AB12-CG34", "ช่วยด้วย",
		"1 ช่วยด้วย", "yes", "AB12-CD34", "123456", "0812345678", "1 AB12-CD34 EF56-7890", "16.82,100.26", "A17", "1 100000000000000000000",
	} {
		if got, ok := ParseReply(text); ok || got != (Reply{}) {
			t.Errorf("%q was taken for %+v", text, got)
		}
	}
}

func TestParseCode(t *testing.T) {
	for text, want := range map[string]string{"123456": "123456", " 123 456 ": "123456", "๑๒๓๔๕๖": "123456", "012-345": "012345", "123456#": "123456"} {
		if got, ok := ParseCode(text); got != want || !ok {
			t.Errorf("%q: %q %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "12345", "1234567", "1 10", "code 123456", "12345A"} {
		if _, ok := ParseCode(text); ok {
			t.Errorf("%q is a code", text)
		}
	}
}

func TestParsePin(t *testing.T) {
	const lat, lon = 16.8211, 100.2659
	for _, text := range []string{
		"16.8211,100.2659", "16.8211, 100.2659", "๑๖.๘๒๑๑ ๑๐๐.๒๖๕๙", "100.2659, 16.8211", "อยู่ที่ 16.8211,100.2659 ช่วยด้วย",
		"https://maps.google.com/?q=16.8211,100.2659", "https://www.google.com/maps/search/?api=1&query=16.8211%2C100.2659",
		"https://www.google.com/maps/search/16.8211,+100.2659?entry=x", "https://www.google.com/maps/@16.8211,100.2659,17z",
		"https://www.google.com/maps/place/X/@16.90,100.10,12z/data=!4m6!3m5!8m2!3d16.8211!4d100.2659!16s", "geo:16.8211,100.2659?z=17",
		"https://maps.apple.com/?ll=16.8211,100.2659", "16.8211;100.2659",
	} {
		if a, b, _, ok := ParsePin(text); !ok || a != lat || b != lon {
			t.Errorf("%q: %v, %v, %v", text, a, b, ok)
		}
	}
	for text, want := range map[string]string{
		"16.8211,100.2659": "", "https://maps.google.com/?q=16.8211,100.2659": "", "ช่วยด้วย 16.8211, 100.2659": "ช่วยด้วย",
		"help https://www.google.com/maps/@16.8211,100.2659,17z": "help", "๑๖.๘๒๑๑ ๑๐๐.๒๖๕๙ บ้านสีฟ้า": "บ้านสีฟ้า",
	} {
		if _, _, rest, ok := ParsePin(text); !ok || rest != want {
			t.Errorf("%q: beside the pin stands %q, want %q", text, rest, want)
		}
	}
	for _, text := range []string{
		"", "ช่วยด้วย", "10.30, 12.45", "51.5072,-0.1276", "https://maps.app.goo.gl/AbCdEf123", "16,100", "0812345678", "1 10", "116.8211,1000.2659", "99999.11,16.82",
	} {
		if a, b, rest, ok := ParsePin(text); ok || rest != text {
			t.Errorf("%q is a pin at %v, %v", text, a, b)
		}
	}
}

func TestMayCall(t *testing.T) {
	for text, want := range map[string]bool{"โทรได้": true, " โทรกลับได้ค่ะ ": true, "Call me!": true, "ห้ามโทร": false, "อย่าโทรได้ไหม": false, "โทรได้ไหม": false, "": false} {
		if got := MayCall(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

var noon = time.Date(2026, 5, 1, 5, 0, 0, 0, time.UTC)

const (
	officer = casefile.MemberID("officer")
	caseA   = casefile.CaseID("aaaa1111-0000-4000-8000-000000000001")
	caseB   = casefile.CaseID("bbbb2222-0000-4000-8000-000000000002")
)

// searched is a case that looks for two police and has asked the officer.
func searched(id casefile.CaseID, change ...func(*casefile.Case)) casefile.Case {
	c := casefile.Case{ID: id, State: casefile.Sent, Tracks: []casefile.Track{{
		Role: casefile.Police, Crew: 2, Offers: []casefile.Offer{{Member: officer, Level: casefile.LevelNear, Seq: 4, At: noon}},
	}}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func onScene(c *casefile.Case) {
	c.State = casefile.OnScene
	c.Tracks[0].Team = []casefile.Assignment{{Member: officer, State: casefile.AssignAccepted}}
	c.Tracks[0].Offers[0].Answer = casefile.SaidYes
}

func full(c *casefile.Case) {
	c.Tracks[0].Team = []casefile.Assignment{{Member: "a", State: casefile.AssignAccepted}, {Member: "b", State: casefile.AssignAccepted}}
}

func in(s casefile.State) func(*casefile.Case) { return func(c *casefile.Case) { c.State = s } }

func asked(c casefile.Case, template string, minutes int) Question {
	return Question{Member: officer, Case: c, Offer: 4, Template: template, At: noon.Add(time.Duration(minutes) * time.Minute)}
}

func answered(q Question) Question { q.Answered = true; return q }

func TestMeant(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		asked  []Question
		id     casefile.CaseID // empty: nothing is meant
		action casefile.Action
		ask    []casefile.CaseID // which case?
	}{
		{"nobody was asked", "1", nil, "", "", nil},
		{"yes to an offer", "1 10", []Question{asked(searched(caseA), "offer", 0)}, caseA, casefile.ActAccept, nil},
		{"no to an offer", "0", []Question{asked(searched(caseA), "offer", 0)}, caseA, casefile.ActDecline, nil},
		{"a desk's bare word sends nobody", "1", []Question{asked(searched(caseA), "offer_desk", 0)}, caseA, casefile.ActAck, nil},
		{"a desk names minutes", "1 15", []Question{asked(searched(caseA), "offer_desk", 0)}, caseA, casefile.ActAccept, nil},
		{"an operator takes an item", "1", []Question{asked(searched(caseA, func(c *casefile.Case) { c.Desk = &casefile.DeskItem{} }), "desk_item", 0)}, caseA, casefile.ActDeskTake, nil},
		{"no is no answer to an item", "0", []Question{asked(searched(caseA), "desk_item", 0)}, "", "", nil},
		{"a hand-over", "1", []Question{asked(searched(caseA, in(casefile.Handover)), "handover_offer", 0)}, caseA, casefile.ActTakeOver, nil},
		{"a hand-over is refused", "0", []Question{asked(searched(caseA, in(casefile.Handover)), "handover_offer", 0)}, caseA, casefile.ActRefuseOver, nil},
		{"the centre has read the pin", "1", []Question{asked(searched(caseA), "radio_alert", 0)}, caseA, casefile.ActRadioSeen, nil},
		{"no on the way is cannot go after all", "0", []Question{asked(searched(caseA, onScene), "offer", 0)}, caseA, casefile.ActWithdraw, nil},
		{"arrived", "2", []Question{answered(asked(searched(caseA, onScene), "offer", 0))}, caseA, casefile.ActArrive, nil},
		{"under control", "3", []Question{answered(asked(searched(caseA, onScene), "offer", 0))}, caseA, casefile.ActControl, nil},
		{"in danger", "9", []Question{answered(asked(searched(caseA, onScene), "offer", 0))}, caseA, casefile.ActAssist, nil},
		{"the own case comes before a newer question", "2",
			[]Question{asked(searched(caseB), "offer", 30), answered(asked(searched(caseA, onScene), "offer", 0))}, caseA, casefile.ActArrive, nil},
		{"two cases wait", "1", []Question{asked(searched(caseA), "offer", 0), asked(searched(caseB), "offer", 5)}, "", "", []casefile.CaseID{caseB, caseA}},
		{"the code decides", "1 aaaa1111", []Question{asked(searched(caseA), "offer", 0), asked(searched(caseB), "offer", 5)}, caseA, casefile.ActAccept, nil},
		{"a code that nobody asked about", "1 cccc-1111", []Question{asked(searched(caseA), "offer", 0)}, "", "", nil},
		{"what was answered does not confuse", "1", []Question{answered(asked(searched(caseA), "offer", 0)), asked(searched(caseB), "offer", 5)}, caseB, casefile.ActAccept, nil},
		{"what has its crew does not confuse", "1", []Question{asked(searched(caseA, full), "offer", 0), asked(searched(caseB), "offer", 5)}, caseB, casefile.ActAccept, nil},
		{"what is under control for months does not confuse", "1",
			[]Question{asked(searched(caseA, in(casefile.FollowUp)), "offer", 0), asked(searched(caseB), "offer", 5)}, caseB, casefile.ActAccept, nil},
		{"what has ended does not confuse", "1", []Question{asked(searched(caseA, in(casefile.Closed)), "offer", 9), asked(searched(caseB), "offer", 5)}, caseB, casefile.ActAccept, nil},
		{"said twice goes to the same case", "1", []Question{answered(asked(searched(caseA), "offer", 0))}, caseA, casefile.ActAccept, nil},
		{"late is told so by the case", "1", []Question{asked(searched(caseA, in(casefile.Closed)), "offer", 0)}, caseA, casefile.ActAccept, nil},
		{"several that are over: the newest", "1",
			[]Question{asked(searched(caseA, in(casefile.Closed)), "offer", 0), asked(searched(caseB, in(casefile.Closed)), "offer", 5)}, caseB, casefile.ActAccept, nil},
		{"asked twice about one case is one question", "1", []Question{asked(searched(caseA), "offer", 0), asked(searched(caseA), "offer", 5)}, caseA, casefile.ActAccept, nil},
		{"an answer before the message is written down", "1 5", []Question{{Member: officer, Case: searched(caseA)}}, caseA, casefile.ActAccept, nil},
		{"a thank you is no question", "1", []Question{asked(searched(caseA), "thanks", 0)}, "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, ok := ParseReply(tt.text)
			if !ok {
				t.Fatalf("%q is no answer", tt.text)
			}
			m, several, ok := r.Meant(tt.asked)
			if ok != (tt.id != "") || m.Case.ID != tt.id || m.Action != tt.action || !slices.Equal(several, tt.ask) {
				t.Errorf("meant %s of %s, %v, several %v", m.Action, m.Case.ID, ok, several)
			}
			if ok && (m.Offer != 4 || m.Member != officer) {
				t.Errorf("offer %d of %s", m.Offer, m.Member)
			}
		})
	}
}

func FuzzParseReply(f *testing.F) {
	for _, text := range []string{"1 10 AB12-CD34", "๑ ๑๐ นาที", "1 A17", "0", "https://maps.google.com/?q=16.8211,100.2659", "!3d1.1!4d1.1", "123456"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := ParseReply(text)
		if !ok && r != (Reply{}) {
			t.Errorf("%q is no answer, and %+v", text, r)
		}
		if ok && (r.Minutes < 0 || r.Minutes > mostMinutes || r.Code != "" && len(r.Code) != 9 || r.Code != "" && r.Alarm != "") {
			t.Errorf("%q is %+v", text, r)
		}
		if code, ok := ParseCode(text); ok && len(code) != 6 {
			t.Errorf("%q is the code %q", text, code)
		}
		if lat, lon, _, ok := ParsePin(text); ok && !(casefile.Pin{Lat: lat, Lon: lon}).Usable() {
			t.Errorf("%q is a pin at %v, %v", text, lat, lon)
		}
		if MayCall(text) && OneDigit(text) {
			t.Errorf("%q is both", text)
		}
	})
}
