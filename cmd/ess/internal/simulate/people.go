package simulate

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
)

// How responders behave. No source has these figures; all are ours, chosen to be
// neither kind nor hopeless. Medians are seconds of case time.
const (
	patrols      = 0.33 // share of field officers who send their position
	patrolEvery  = 25 * 60
	declines     = 0.2  // of the field officers who answer
	deskDeclines = 0.07 // of the duty desks that answer: nobody to send
	deskSends    = 0.35 // a desk that answers sends its own car at once
	vanishes     = 0.04 // accepts and is never heard of again
	withdraws    = 0.03 // accepts and cannot go after all
	lostWay      = 0.04 // cannot find the place at first
	toDecide     = 30
	toDecline    = 22
	toSeeRadio   = 14
	toDepart     = 50
	toControl    = 12 * 60
	toTakeOver   = 5 * 60
	roadFactor   = 1.4
	roadSpeed    = 12.5 // metres a second: 45 km/h
)

// reporterSide is how far a reporter's chat has come.
type reporterSide struct {
	asked, pinned, echoed, answered, closed, cancelled, safe bool
	reminded                                                 int
}

// report is the first thing that a citizen does.
func (d *day) report(p *person) {
	d.sent++
	r := p.report
	if r.Words != "" {
		d.say(p, r.Words)
	} else {
		what := casefile.Incoming{Word: casefile.Tapped, Type: r.Type, Quiet: r.Quiet}
		if r.Quiet {
			what.Type = "" // the silent button names none
		}
		d.look(p.Phone, what)
	}
	d.after(r.PinWait+90, func() { // nothing was heard: the pin goes all the same
		if !p.told.asked {
			d.sendPin(p)
		}
	})
	if r.Cancels {
		d.after(300, func() {
			p.told.cancelled = true
			d.pressNewest(p, casefile.ActCancel)
		})
	}
	if r.AsksWhen > 0 {
		d.after(r.AsksWhen, func() { d.pressNewest(p, casefile.ActStatus) })
	}
	if r.Photo {
		d.after(r.PinWait+60, func() { d.counted(p.SendImage([]byte("\x89PNG\r\n\x1a\n"))) })
	}
}

func (d *day) say(p *person, text string) { d.counted(p.Say(text)) }

func (d *day) counted(_ string, err error) {
	if err != nil {
		d.lived.Untapped++
	}
}

func (d *day) sendPin(p *person) {
	if p.report.Pin == nil || p.told.pinned && p.told.echoed {
		return
	}
	p.told.pinned = true
	d.counted(p.SendLocation(p.report.Pin.Lat, p.report.Pin.Lon, "", ""))
}

// pressNewest presses a quick reply below the newest message, if it is there.
func (d *day) pressNewest(p *person, a casefile.Action) {
	for _, b := range p.QuickReplies() {
		if line.Decode(b.Action.Data).Action == a {
			if _, err := p.TapQuickReply(b.Label); err != nil {
				d.lived.Untapped++
			}
			return
		}
	}
}

// reporter reacts to what the account says to somebody who reported.
func (d *day) reporter(p *person, i lineemu.Item) {
	r, can := p.report, buttons(i)
	asksPlace := false // a place to send, and no echo of one
	for _, b := range i.QuickReplies {
		asksPlace = asksPlace || b.Action.Type == "location"
	}
	if r.Cancels && can[casefile.ActSafe] && p.told.cancelled && !p.told.safe {
		p.told.safe = true
		d.after(lognormal(p.random, 20, 0.6), func() { d.pressNewest(p, casefile.ActSafe) })
	}
	switch {
	case can[casefile.ActCheckYes]:
		if r.Answers && !p.told.answered {
			p.told.answered = true
			d.after(lognormal(p.random, 20, 0.6), func() {
				d.press(p, i, is(map[bool]casefile.Action{true: casefile.ActCheckNo, false: casefile.ActCheckYes}[r.Prank]))
			})
		}
	case can[casefile.ActSolved]:
		if r.Answers && !p.told.closed {
			p.told.closed = true
			d.after(lognormal(p.random, 60, 0.6), func() { d.press(p, i, is(casefile.ActSolved)) })
		}
	case i.Type == "location":
		p.told.asked, p.told.echoed = true, true
		d.after(lognormal(p.random, 12, 0.5), func() {
			switch {
			case r.Phone != "":
				d.say(p, r.Phone)
			case r.NoCall && !r.Quiet:
				d.pressNewest(p, casefile.ActNoCall)
			}
		})
	case asksPlace && !p.told.asked:
		p.told.asked = true
		d.after(r.PinWait, func() {
			if r.Address != "" {
				d.say(p, r.Address)
			}
			d.sendPin(p)
		})
	case asksPlace && p.told.pinned && !p.told.echoed && p.told.reminded < 2: // the pin was lost on its way
		p.told.reminded++
		d.after(20, func() { d.sendPin(p) })
	}
}

// job is one case in a responder's hands.
type job struct {
	deciding, accepted, departed, there bool
	gone                                bool // never heard of again, or withdrawn
	over                                bool // nothing more is asked
}

// over are the headlines that tell a responder that nothing more is asked of them.
var over = []string{"ระงับเหตุแล้ว", "พ้นภารกิจ", "กำลังครบแล้ว", "ยกเลิกการขอกำลัง", "ส่งต่อแล้ว", "ขอบคุณ"}

// responder reacts to a card on a member's phone. Who they are is known; what the
// card asks is read from its buttons.
func (d *day) responder(p *person, i lineemu.Item) {
	can, c := buttons(i), code(i)
	if can[casefile.ActDeskTake] {
		d.ring(heard{p, i})
		return
	}
	if c == "" {
		return
	}
	j := p.jobs[c]
	if j == nil {
		j = &job{}
		p.jobs[c] = j
	}
	switch {
	case can[casefile.ActRadioSeen]:
		d.answer(p, i, j, toSeeRadio, is(casefile.ActRadioSeen))
	case can[casefile.ActTakeOver]:
		choice := casefile.ActTakeOver
		if p.random.Float64() < 0.1 {
			choice = casefile.ActRefuseOver
		}
		d.answer(p, i, j, toTakeOver, is(choice))
	case can[casefile.ActAccept] && can[casefile.ActAck]:
		d.dutyDesk(p, i, j)
	case can[casefile.ActAccept]:
		d.asked(p, i, j)
	case can[casefile.ActWithdraw] && can[casefile.ActControl]:
		d.goes(p, i, j)
	case can[casefile.ActControl]: // how is the scene
		if j.there && !j.over && p.random.Float64() < 0.7 {
			d.after(lognormal(p.random, toDecide, 0.6), func() { d.press(p, i, is(casefile.ActArrive)) })
		}
	case can[casefile.ActArrive]: // have you arrived
		switch {
		case j.over || j.gone || j.deciding:
		case !j.accepted: // a desk that acknowledged is asked whom it sent
			d.after(lognormal(p.random, toDecide, 0.6), func() { d.pressOld(p, c, casefile.ActAccept) })
		case !j.departed:
			d.after(lognormal(p.random, toDecide, 0.6), func() { d.press(p, i, is(casefile.ActDepart)) })
		}
	case can[casefile.ActAck]:
		d.answer(p, i, j, toDecide, is(casefile.ActAck))
	default:
		for _, text := range i.Texts {
			for _, words := range over {
				j.over = j.over || strings.Contains(text, words)
			}
		}
	}
}

// answer presses a button after a while, unless the card is never seen, or the
// same is being decided already.
func (d *day) answer(p *person, i lineemu.Item, j *job, median float64, fits func(casefile.Incoming) bool) {
	if j.deciding || p.random.Float64() < d.o.Plan.Input.Silence {
		return
	}
	j.deciding = true
	d.after(lognormal(p.random, median, 0.7), func() {
		j.deciding = false
		d.press(p, i, fits)
	})
}

// asked is an officer near by.
func (d *day) asked(p *person, i lineemu.Item, j *job) {
	j.over = false // stood down before, and asked again
	if p.random.Float64() < declines {
		d.answer(p, i, j, toDecline, is(casefile.ActDecline))
		return
	}
	minutes := 20
	if m := metres(i); m > 0 {
		for _, n := range []int{10, 5} {
			if m*roadFactor/roadSpeed+toDepart < float64(n)*60 {
				minutes = n
			}
		}
	}
	d.answer(p, i, j, toDecide, func(in casefile.Incoming) bool { return in.Action == casefile.ActAccept && in.Minutes == minutes })
}

// dutyDesk is a desk of a unit. Only a station has cars of its own.
func (d *day) dutyDesk(p *person, i lineemu.Item, j *job) {
	j.over = false
	choice := is(casefile.ActAck)
	switch x := p.random.Float64(); {
	case x < deskDeclines:
		choice = is(casefile.ActDecline)
	case x < deskDeclines+deskSends && p.member.Level == casefile.LevelStation:
		choice = func(in casefile.Incoming) bool { return in.Action == casefile.ActAccept && in.Minutes == 10 }
	}
	d.answer(p, i, j, toDecide, choice)
}

// goes is the journey of somebody who accepted.
func (d *day) goes(p *person, i lineemu.Item, j *job) {
	if j.accepted {
		return // the card was said again
	}
	j.accepted = true
	unlessOver := func(a casefile.Action, then func()) func() {
		return func() {
			if !j.over && !j.gone {
				d.press(p, i, is(a))
				then()
			}
		}
	}
	travel := d.travel(p, i)
	arrive := func() {
		j.there = true
		d.nobodyThere(code(i), caseOf(i))
		d.after(lognormal(p.random, toControl, 0.5), unlessOver(casefile.ActControl, func() { j.over = true }))
	}
	switch x := p.random.Float64(); {
	case x < vanishes:
		j.gone = true
	case x < vanishes+withdraws:
		d.after(lognormal(p.random, toDepart, 0.6), unlessOver(casefile.ActWithdraw, func() { j.gone = true }))
	default:
		d.after(lognormal(p.random, toDepart, 0.6), unlessOver(casefile.ActDepart, func() {
			j.departed = true
			if p.random.Float64() < lostWay {
				d.after(travel, unlessOver(casefile.ActCannotFind, func() {}))
				travel += 240
			}
			d.after(travel, unlessOver(casefile.ActArrive, arrive))
		}))
	}
}

// travel is how long the way takes: to the place on the card's map button.
func (d *day) travel(p *person, i lineemu.Item) float64 {
	away := 6000.0
	for _, b := range i.Buttons {
		if pin, ok := onMap(b.Action.URI); ok {
			away = pin.MetresTo(p.member.Lat, p.member.Lon)
		}
	}
	return 60 + away*roadFactor/roadSpeed*lognormal(p.random, 1, 0.25)
}

// onMap reads the place from a link to a map.
func onMap(link string) (casefile.Pin, bool) {
	u, err := url.Parse(link)
	if err != nil {
		return casefile.Pin{}, false
	}
	lat, lon, ok := strings.Cut(u.Query().Get("query"), ",")
	if !ok {
		return casefile.Pin{}, false
	}
	var pin casefile.Pin
	var errLat, errLon error
	pin.Lat, errLat = strconv.ParseFloat(lat, 64)
	pin.Lon, errLon = strconv.ParseFloat(lon, 64)
	return pin, errLat == nil && errLon == nil
}

var distance = regexp.MustCompile(`ห่างประมาณ ([0-9.]+) (เมตร|กิโลเมตร)`)

// metres is the distance that a card states; 0: none.
func metres(i lineemu.Item) float64 {
	m := distance.FindStringSubmatch(strings.Join(i.Texts, "\n"))
	if m == nil {
		return 0
	}
	v, _ := strconv.ParseFloat(m[1], 64)
	if m[2] == "กิโลเมตร" {
		v *= 1000
	}
	return v
}

// pressOld presses the newest button of a case that is still in the chat.
func (d *day) pressOld(p *person, c string, a casefile.Action) {
	items := p.Transcript()
	for n := len(items) - 1; n >= 0; n-- {
		if items[n].Incoming && code(items[n]) == c && buttons(items[n])[a] {
			d.press(p, items[n], is(a))
			return
		}
	}
}

// patrol sends an officer's position now and then: an old one is no position.
func (d *day) patrol(p *person) {
	home := casefile.Pin{Lat: p.member.Lat, Lon: p.member.Lon}
	var fix func()
	fix = func() {
		at := around(p.random, home, 1500)
		p.member.Lat, p.member.Lon = at.Lat, at.Lon
		d.counted(p.SendLocation(at.Lat, at.Lon, "", ""))
		d.at(d.now.Add(time.Duration(patrolEvery*(0.85+0.3*p.random.Float64())*float64(time.Second))), true, fix)
	}
	d.at(d.o.Begin.Add(-time.Duration(p.random.Float64()*float64(LeadIn))), true, fix)
}

// LeadIn is how long before the first report the officers' positions come in.
const LeadIn = 8 * time.Minute
