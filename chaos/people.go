package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/local"
	"github.com/ess-thailand/ess/line"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
)

// How people behave. No source has these figures; they make every path happen.
const (
	ignoresFirst = 0.6 // of the officers, the first card of a case
	declines     = 0.15
	deskIgnores  = 0.3 // of the duty desks, the first card of a case
)

// town is a province that lives by its own roster.
type town struct {
	policy.Province
	units   [][]string
	members [][]string
}

func (t *town) code(name string) string { return strings.ToLower(t.Code + "-" + name) }

// people are the phones that answer by themselves.
type people struct {
	w       *World
	work    sync.WaitGroup
	answers []*answerer

	mu    sync.Mutex
	still bool
}

// rest lets nobody press anything more, and returns when the last press is made.
func (p *people) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.still = true
}

// answerer is one phone of an officer or a desk.
type answerer struct {
	*lineemu.Phone
	w    *World
	code string
	luck *rand.Rand // only its own loop draws

	mu   sync.Mutex
	seen map[casefile.CaseID]int // cards that asked for an answer
	busy map[casefile.CaseID]bool
}

var (
	unitHeader   = []string{"code", "level", "name_th", "name_en", "province", "region", "lat", "lon", "state"}
	memberHeader = []string{"code", "unit", "name", "line_user_id", "role", "level", "group", "class", "language", "lat", "lon", "on_duty", "female"}
	townLevels   = []casefile.Level{
		casefile.LevelStation, casefile.LevelRadio191, casefile.LevelMSDHSDuty, casefile.LevelMSDHSProvince, casefile.LevelShelter, casefile.LevelEMS,
	}
)

func (p *people) resting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.still
}

// populate gives the national desks their phones and the towns their rosters.
func (w *World) populate() error {
	w.people = &people{w: w}
	if err := w.Run("seed", "--national"); err != nil {
		return err
	}
	national := []string{"desk-rtp-national", "desk-husec", "desk-msdhs-national", "desk-desk-1300-1", "desk-desk-1300-2"}
	for _, r := range policy.DefaultPlaces().Regions() {
		national = append(national, "desk-region-"+r.Code)
	}
	for _, code := range national {
		if err := w.people.add(lineemu.User{ID: local.SeedLINE(code), Name: code, Friend: true}, code); err != nil {
			return err
		}
	}
	units, members := [][]string{unitHeader}, [][]string{memberHeader}
	var live []string
	for _, p := range provinces(w.Setup.Provinces) {
		t := &town{Province: p}
		for _, level := range townLevels {
			if err := t.desk(w, level); err != nil {
				return err
			}
		}
		for i := range w.Setup.Officers {
			if err := t.officer(w, i); err != nil {
				return err
			}
		}
		units, members, live = append(units, t.units...), append(members, t.members...), append(live, p.Code)
		w.towns = append(w.towns, t)
	}
	args := []string{"seed"}
	for flag, rows := range map[string][][]string{"--units": units, "--members": members} {
		file := filepath.Join(w.dir, "roster"+flag+".csv")
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			return err
		}
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			return err
		}
		args = append(args, flag, file)
	}
	if err := w.Run(args...); err != nil {
		return err
	}
	return w.Run("seed", "--live", strings.Join(live, ","), "--untested")
}

func (t *town) desk(w *World, level casefile.Level) error {
	name := string(level)
	t.units = append(t.units, []string{t.code(name), name, name, name, t.Code, t.Region, degrees(t.Lat), degrees(t.Lon), "LIVE"})
	return t.member(w, name, name, "", level, t.Lat)
}

// officer adds an officer of the station, each a little further north.
func (t *town) officer(w *World, i int) error {
	return t.member(w, fmt.Sprintf("officer-%02d", i), string(casefile.LevelStation), casefile.Police, "", t.Lat+float64(200+150*i)/111195)
}

func (t *town) member(w *World, name, unit string, role casefile.Role, level casefile.Level, lat float64) error {
	code := t.code(name)
	id := local.SeedLINE("chaos " + code)
	t.members = append(t.members, []string{
		code, t.code(unit), name, id, string(role), string(level), "AGENCY", "PROFESSIONAL", "th", degrees(lat), degrees(t.Lon), "true", "false",
	})
	return w.people.add(lineemu.User{ID: id, Name: code, Friend: true}, code)
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }

func (p *people) add(u lineemu.User, code string) error {
	phone, err := p.w.Platform.AddUser(u)
	if err != nil {
		return err
	}
	p.answers = append(p.answers, &answerer{
		Phone: phone, w: p.w, code: code, luck: p.w.random("person " + code), seen: map[casefile.CaseID]int{}, busy: map[casefile.CaseID]bool{},
	})
	return nil
}

// live lets everybody answer until the world ends.
func (p *people) live() {
	for _, a := range p.answers {
		p.work.Go(a.live)
	}
	p.work.Go(p.w.console)
}

func (a *answerer) live() {
	mark := 0
	for {
		item, err := a.WaitSince(a.w.ctx, mark, func(i lineemu.Item) bool { return i.Incoming })
		if err != nil {
			return
		}
		mark = item.Seq
		a.reads(item)
	}
}

// buttons are what an item lets a person do.
func buttons(i lineemu.Item) map[casefile.Action]casefile.Incoming {
	out := map[casefile.Action]casefile.Incoming{}
	for _, b := range append(slices.Clone(i.Buttons), i.QuickReplies...) {
		if in := line.Decode(b.Action.Data); in.Word == casefile.Pressed {
			out[in.Action] = in
		}
	}
	return out
}

// reads decides what to do about a card. Every draw is made here, in the order
// of what arrives; what follows takes its time beside the others.
func (a *answerer) reads(i lineemu.Item) {
	can := buttons(i)
	chance, pause := a.luck.Float64(), time.Duration(40+a.luck.IntN(260))*time.Millisecond
	has := func(action casefile.Action) bool { _, ok := can[action]; return ok }
	var id casefile.CaseID
	for _, in := range can {
		id = in.Case
	}
	later := func(act casefile.Action) {
		a.w.people.work.Go(func() {
			if a.sleeps(pause) {
				a.press(i, act)
			}
		})
	}
	switch {
	case has(casefile.ActDeskTake):
		later(casefile.ActDeskTake)
	case has(casefile.ActCentreTake):
		later(casefile.ActCentreTake)
	case has(casefile.ActRadioSeen):
		later(casefile.ActRadioSeen)
	case has(casefile.ActTakeOver):
		later(casefile.ActTakeOver)
	case has(casefile.ActAccept) && has(casefile.ActAck), has(casefile.ActAck):
		if a.again(id) || chance >= deskIgnores {
			later(casefile.ActAck)
		}
	case has(casefile.ActAccept):
		switch {
		case !a.again(id) && chance < ignoresFirst:
		case chance < ignoresFirst+declines*(1-ignoresFirst):
			later(casefile.ActDecline)
		default:
			later(casefile.ActAccept)
		}
	case has(casefile.ActWithdraw) && has(casefile.ActControl):
		a.goes(i, id, pause)
	}
}

// again reports whether a card of the case was seen before.
func (a *answerer) again(id casefile.CaseID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[id]++
	return a.seen[id] > 1
}

// goes is the way of an officer who accepted, to the end.
func (a *answerer) goes(i lineemu.Item, id casefile.CaseID, pause time.Duration) {
	a.mu.Lock()
	already := a.busy[id]
	a.busy[id] = true
	a.mu.Unlock()
	if already {
		return // the card was said again
	}
	a.w.people.work.Go(func() {
		for n, act := range []casefile.Action{casefile.ActDepart, casefile.ActArrive, casefile.ActControl} {
			if !a.sleeps(pause * time.Duration(2+2*n)) {
				return
			}
			a.press(i, act)
		}
	})
}

func (a *answerer) sleeps(span time.Duration) bool {
	select {
	case <-a.w.ctx.Done():
		return false
	case <-time.After(span):
		return true
	}
}

// press taps the button of an item that means the action, and notes it.
func (a *answerer) press(i lineemu.Item, act casefile.Action) {
	for _, b := range i.Buttons {
		in := line.Decode(b.Action.Data)
		if in.Word != casefile.Pressed || in.Action != act {
			continue
		}
		p := a.w.people
		p.mu.Lock() // one after the other, so that rest knows the last
		if p.still {
			p.mu.Unlock()
			return
		}
		mark := a.Mark()
		_, err := a.TapButtonOf(i.MessageID, b.Label)
		p.mu.Unlock()
		if err != nil {
			return
		}
		a.w.Ledger.tapped(Tap{At: time.Now(), Who: a.ID(), Action: act, Case: in.Case, Event: eventSince(a.Phone, mark)})
		return
	}
}

// eventSince is the event that a phone caused after a mark.
func eventSince(p *lineemu.Phone, mark int) string {
	for _, i := range p.Transcript()[mark:] {
		if i.EventID != "" {
			return i.EventID
		}
	}
	return ""
}

// heard waits until a phone shows something.
func heard(ctx context.Context, p *lineemu.Phone, mark int, is func(lineemu.Item) bool) (lineemu.Item, error) {
	return p.WaitSince(ctx, mark, func(i lineemu.Item) bool { return i.Incoming && is(i) })
}
