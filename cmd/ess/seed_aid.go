package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/cmd/ess/internal/simulate"
	"github.com/ess-thailand/ess/policy"
)

// Where the synthetic aid requests are, and the two operators who work on them.
const (
	aidProvince = "65"
	aidOfficer  = "operator-1"
	aidSecond   = "operator-2"
)

// aidStory is one synthetic request: how far it has come, and what its people did.
type aidStory struct {
	name  string
	draft bool // never sent
	like  int  // the household of another story, from 1; 0: its own
	steps []casefile.AidOrder
}

// aidStories leave requests in every state that needs no officer's confirmation of an amount.
func aidStories(visitor casefile.MemberID, at time.Time) []aidStory {
	do := func(kind casefile.AidEventKind, reason string) casefile.AidOrder {
		return casefile.AidOrder{Kind: kind, Reason: reason}
	}
	visit := casefile.AidOrder{Kind: casefile.AidVisitPlanned, Member: visitor, VisitAt: at.Add(48 * time.Hour)}
	passed, visited := do(casefile.AidPassed, ""), do(casefile.AidWasVisited, "")
	return []aidStory{
		{name: "draft", draft: true},
		{name: "submitted"},
		{name: "returned", steps: []casefile.AidOrder{do(casefile.AidSentBack, "INCOMPLETE")}},
		{name: "screened", steps: []casefile.AidOrder{passed}},
		{name: "visit", steps: []casefile.AidOrder{passed, visit}},
		{name: "visited", steps: []casefile.AidOrder{passed, visit, visited}},
		{name: "refused", steps: []casefile.AidOrder{passed, visit, visited, do(casefile.AidRefused, "NO_NEED_FOUND")}},
		{name: "withdrawn", steps: []casefile.AidOrder{do(casefile.AidTakenBack, "HELPED_OTHERWISE")}},
		{name: "twin", like: 2},
	}
}

// seedAid adds households with children to the register, and a few aid requests that a running worker brings to their
// states. What is there already is left as it is.
func (p *parts) seedAid(ctx context.Context) error {
	forms, err := p.loadForms(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(forms, func(f casefile.Form) bool { return f.Code == policy.LogbookForm })
	if i < 0 {
		return errors.New("there is no household logbook")
	}
	var districts []policy.District
	for _, d := range p.places.Districts() {
		if d.Code[:2] == aidProvince {
			districts = append(districts, d)
		}
	}
	now := p.store.Now()
	volunteer := func(d policy.District) casefile.MemberID {
		return casefile.MemberID(uuid.NewSHA1(seedSpace, []byte("member sdv-"+d.Code)).String())
	}
	one := casefile.MemberID(uuid.NewSHA1(seedSpace, []byte("member group-"+aidProvince+"-"+string(casefile.SDV))).String())
	if _, err := p.store.Member(ctx, one); err == nil { // whose phone is pinned sees them all
		volunteer = func(policy.District) casefile.MemberID { return one }
	} else if !errors.Is(err, casefile.ErrNotFound) {
		return err
	}
	stories := aidStories(volunteer(districts[1]), now)
	for n, s := range stories {
		household := n + 1
		if s.like > 0 {
			household = s.like
		}
		d := districts[household%len(districts)]
		form := simulate.Household(1, household, d, forms[i], p.policy.AidKinds(now), now.Year())
		if s.like == 0 {
			if err := p.seedHousehold(ctx, household, form); err != nil {
				return err
			}
		}
		if err := p.seedRequest(ctx, s, casefile.Actor{Kind: casefile.ByMember, ID: string(volunteer(d))}, form); err != nil {
			return fmt.Errorf("aid request %s: %w", s.name, err)
		}
	}
	fmt.Printf("%d aid requests\n", len(stories))
	return nil
}

// seedHousehold puts a household into the register: its people, how they are related, and where they live.
func (p *parts) seedHousehold(ctx context.Context, n int, f casefile.AidForm) error {
	add := func(key string, in casefile.PersonInput) (casefile.PersonID, bool, error) {
		who, err := casefile.ParsePerson(in, p.store.Now())
		if err != nil {
			return "", false, err
		}
		who.ID = casefile.PersonID(uuid.NewSHA1(peopleSpace, []byte(p.store.Sealer.Blind("person.seed", key))).String())
		id, added, _, err := p.store.AddPerson(ctx, importReader, who)
		return id, added, err
	}
	s := f.Subject
	key := "household " + strconv.Itoa(n)
	head, added, err := add(key, casefile.PersonInput{
		First: s.First, Last: s.Last, Number: s.Number, Birth: s.Birth, Sex: s.Sex, Nationality: s.Nationality, Province: f.Home.Province,
	})
	if err != nil || !added {
		return err
	}
	since := p.store.Now().In(policy.Bangkok).AddDate(-1, 0, 0).Format(time.DateOnly)
	home, err := p.store.AddHousehold(ctx, importReader, casefile.Household{
		Head: head, Address: f.Home.Address, Province: f.Home.Province, District: f.Home.District,
	}, since)
	if err != nil {
		return err
	}
	for i, m := range f.Members {
		id, _, err := add(key+" "+strconv.Itoa(i+1), casefile.PersonInput{
			First: m.First, Last: m.Last, Number: m.Number, Birth: m.Birth, Sex: m.Sex, Nationality: "TH", Province: f.Home.Province,
		})
		if err != nil {
			return err
		}
		if err := p.store.JoinHousehold(ctx, importReader, home, id, since); err != nil {
			return err
		}
		rel := casefile.Relation{Person: id, Kind: casefile.RelationKind(m.Relation), To: head}
		if _, err := p.store.Relate(ctx, importReader, rel); err != nil {
			return err
		}
	}
	return nil
}

// seedRequest files one and has it go through its steps. The worker hears them.
func (p *parts) seedRequest(ctx context.Context, s aidStory, by casefile.Actor, f casefile.AidForm) error {
	id := casefile.AidID(uuid.NewSHA1(aidSpace, []byte("seed "+s.name)).String())
	if _, err := p.store.Aid(ctx, id); !errors.Is(err, casefile.ErrNotFound) {
		return err
	}
	if err := p.store.BeginAid(ctx, id, by, p.store.Now()); err != nil {
		return err
	}
	for part, doc := range f.Parts() {
		if s.draft && part != casefile.PartSubject && part != casefile.PartHome {
			continue // as far as somebody came on the way
		}
		raw, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		if _, err := p.store.SavePart(ctx, id, part, raw, 0); err != nil {
			return err
		}
	}
	if s.draft {
		return nil
	}
	n, err := p.store.SendAid(ctx, id, by, "seed")
	if err != nil {
		return err
	}
	if err := (aids{p}).Nudge(ctx, id, n); err != nil {
		return err
	}
	if err := p.aidHeard(ctx, id); err != nil {
		return err
	}
	for i, o := range s.steps {
		o.ID, o.By = "seed-"+s.name+"-"+strconv.Itoa(i), casefile.Actor{Kind: casefile.ByOperator, ID: aidOfficer}
		if o.Kind == casefile.AidRefused {
			o.By.ID = aidSecond // who visited may not decide
		}
		o.Proof = p.vault.Proof(string(id), o.ID, string(o.Kind), string(o.By.Kind), o.By.ID)
		if _, err := (aids{p}).Order(ctx, id, o); err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(string(o.Kind)), err)
		}
	}
	return nil
}

// aidHeard waits until a request that was sent has been heard and checked.
func (p *parts) aidHeard(ctx context.Context, id casefile.AidID) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		a, err := p.store.Aid(ctx, id)
		if err != nil {
			return err
		}
		if a.State != casefile.AidDraft {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("no worker hears aid requests")
		case <-time.After(50 * time.Millisecond):
		}
	}
}
