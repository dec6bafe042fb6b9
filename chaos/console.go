package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// lookEvery is how often an operator looks at the list on the console, case time:
// one ring of the desk is for all taps without a pin that wait there.
const lookEvery = time.Minute

// console is the operator who takes what waits on the list. While the API or
// Temporal is away nothing comes of it, and the next look tries again.
func (w *World) console() {
	for n := 0; sleep(w.ctx, max(w.Clock.Wait(lookEvery), time.Second)) == nil; n++ {
		for _, id := range w.unowned() {
			if !w.people.resting() {
				w.ask(w.ctx, http.MethodPost, "/v1/cases/"+string(id)+"/commands/take-desk", fmt.Sprintf("look-%d-%s", n, id), []byte("{}"))
			}
		}
	}
}

// unowned lists the cases that wait at the desk and that nobody has taken.
func (w *World) unowned() []casefile.CaseID {
	type item struct {
		Case  casefile.CaseID
		Owner casefile.Actor
	}
	var list struct {
		Items  []item
		People []struct{ Taps []item }
	}
	ctx, cancel := context.WithTimeout(w.ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.Listen+"/v1/desk", nil)
	if err != nil {
		return nil
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || json.NewDecoder(res.Body).Decode(&list) != nil {
		return nil
	}
	for _, p := range list.People {
		list.Items = append(list.Items, p.Taps...)
	}
	var ids []casefile.CaseID
	for _, i := range list.Items {
		if i.Owner == (casefile.Actor{}) {
			ids = append(ids, i.Case)
		}
	}
	return ids
}
