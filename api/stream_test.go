package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
)

// listener is a reader of a stream.
type listener struct {
	t      *testing.T
	events chan [3]string // id, event, data
	stop   context.CancelFunc
}

func listen(t *testing.T, server, token, path, last string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("answered %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	l := &listener{t: t, events: make(chan [3]string, 100), stop: cancel}
	t.Cleanup(cancel)
	go func() {
		defer close(l.events)
		defer res.Body.Close()
		var e [3]string
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e[0] = value
			case "event":
				e[1] = value
			case "data":
				e[2] = value
			case "":
				if e[1] != "" {
					l.events <- e
				}
				e = [3]string{}
			}
		}
	}()
	return l
}

func (l *listener) hears() [3]string {
	l.t.Helper()
	select {
	case e, ok := <-l.events:
		if !ok {
			l.t.Fatal("the stream ended")
		}
		return e
	case <-time.After(10 * time.Second):
		l.t.Fatal("nothing was heard")
	}
	return [3]string{}
}

func change(id casefile.CaseID, province string, kind casefile.Kind) Change {
	return Change{Case: id, Seq: 1, Kind: kind, At: now, State: casefile.Sent, Province: province}
}

func TestStreamIsLiveAndResumable(t *testing.T) {
	d := open(t)
	server := startServing(t, d.server)
	d.happens(change(ownCase, "65", casefile.Reported)) // before anybody listens
	l := listen(t, server, somsri, "/v1/stream", "")
	d.happens(change(ownCase, "65", casefile.PinSet))
	d.happens(change(farCase, "50", casefile.Offered))
	first, second := l.hears(), l.hears()
	if !strings.Contains(first[2], "PIN_SET") || !strings.Contains(second[2], "OFFERED") || first[1] != "change" {
		t.Errorf("heard %v, %v", first, second)
	}
	l.stop()
	d.happens(change(ownCase, "65", casefile.Accepted)) // while nobody listens
	l = listen(t, server, somsri, "/v1/stream", first[0])
	if a, b := l.hears(), l.hears(); a != second || !strings.Contains(b[2], "ACCEPTED") {
		t.Errorf("resumed with %v, %v", a, b)
	}
}

func TestStreamKeepsToTheScope(t *testing.T) {
	d := open(t)
	server := startServing(t, d.server)
	l := listen(t, server, radio65, "/v1/stream", "0")
	d.happens(change(farCase, "50", casefile.PinSet))
	d.happens(change(bareCase, "", casefile.Reported))
	d.happens(change(ownCase, "65", casefile.Acknowledged))
	if e := l.hears(); !strings.Contains(e[2], string(ownCase)) {
		t.Errorf("heard %v", e)
	}
}

func TestRadioFeedIsScoped(t *testing.T) {
	d := open(t)
	server := startServing(t, d.server)
	if got := d.asks(radio65, http.MethodGet, "/v1/radio/50/stream", nil).Code; got != http.StatusNotFound {
		t.Errorf("another province's feed was answered %d", got)
	}
	l := listen(t, server, radio65, "/v1/radio/65/stream", "")
	var pin RadioPin
	e := l.hears() // what was not acknowledged yet comes first
	if err := json.Unmarshal([]byte(e[2]), &pin); err != nil || e[1] != "pin" || pin.Case != ownCase || pin.Seen || pin.Moved {
		t.Fatalf("heard %v, %v", e, err)
	}
	if strings.Contains(e[2], "16.8211") || strings.Contains(e[2], canary) {
		t.Errorf("the feed shows what is personal: %s", e[2])
	}
	d.happens(change(ownCase, "65", casefile.Offered)) // not a pin
	d.happens(change(farCase, "50", casefile.PinSet))  // not here
	d.happens(change(ownCase, "65", casefile.PinMoved))
	e = l.hears()
	if err := json.Unmarshal([]byte(e[2]), &pin); err != nil || !pin.Moved || e[0] != "3" {
		t.Errorf("heard %v, %v", e, err)
	}
	l.stop()
	d.happens(change(ownCase, "65", casefile.PinMoved))
	if e = listen(t, server, radio65, "/v1/radio/65/stream", e[0]).hears(); e[0] != "4" {
		t.Errorf("resumed with %v", e)
	}
}

// A case that the desk sent to a province without a pin is in its feed, before and after the screen opens.
func TestRadioFeedHasCasesWithoutAPin(t *testing.T) {
	d := open(t)
	server := startServing(t, d.server)
	c := d.cases[ownCase]
	c.LocatedAt, c.Place = time.Time{}, casefile.Place{Province: "65"}
	d.cases[ownCase] = c
	l := listen(t, server, radio65, "/v1/radio/65/stream", "")
	d.happens(change(ownCase, "65", casefile.ProvinceSet))
	for range 2 {
		var pin RadioPin
		if e := l.hears(); json.Unmarshal([]byte(e[2]), &pin) != nil || e[1] != "pin" || pin.Case != ownCase || !pin.NoPin || pin.Moved {
			t.Errorf("heard %v", e)
		}
	}
}

func TestMadeUpPlaceInTheStream(t *testing.T) {
	d := open(t)
	for id, want := range map[string]int{"never": 422, "../../etc": 422} {
		if got := d.asks(somsri, http.MethodGet, "/v1/stream", nil, "Last-Event-ID", id).Code; got != want {
			t.Errorf("%s answered %d", id, got)
		}
	}
}

// A server that stops does not wait for its readers.
func TestStreamsEndWithTheServer(t *testing.T) {
	d := open(t)
	var l *listener
	began := time.Now()
	t.Run("serving", func(t *testing.T) {
		l = listen(t, startServing(t, d.server), somsri, "/v1/stream", "")
		l.stop = func() {}
	})
	if took := time.Since(began); took > stopPatience/2 {
		t.Errorf("stopping took %s", took)
	}
}
