package policy

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

func TestClock(t *testing.T) {
	fast := Clock{Epoch: epoch, Speed: 60}
	if got := fast.Case(epoch.Add(time.Second)); !got.Equal(epoch.Add(time.Minute)) {
		t.Errorf("a second later it is %s", got)
	}
	if got := fast.Real(epoch.Add(time.Hour)); !got.Equal(epoch.Add(time.Minute)) {
		t.Errorf("an hour of case time comes at %s", got)
	}
	if got := fast.Wait(10 * time.Minute); got != 10*time.Second {
		t.Errorf("ten minutes last %s", got)
	}
	for _, c := range []Clock{RealTime, {}} {
		if !c.Case(epoch).Equal(epoch) || !c.Real(epoch).Equal(epoch) || c.Wait(time.Hour) != time.Hour || c.Check() != nil {
			t.Errorf("%+v is not real time", c)
		}
	}
}

// A timer that fires early would find nothing due; a clock that runs backwards would unsay what was recorded.
func TestTimersNeverFireEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Clock{Epoch: epoch, Speed: rapid.SampledFrom([]float64{1, 2, 3, 7, 60, 120, 1000, 0.5}).Draw(t, "speed")}
		span := time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "span"))
		deadline := epoch.Add(span)
		if got := c.Case(c.Real(deadline)); got.Before(deadline) {
			t.Fatalf("the timer fires %s early", deadline.Sub(got))
		}
		if late := c.Case(c.Real(deadline)).Sub(deadline); late > time.Duration(c.Speed)+1 {
			t.Fatalf("the timer fires %s late", late)
		}
		later := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "later"))
		if c.Case(epoch.Add(span + later)).Before(c.Case(epoch.Add(span))) {
			t.Fatal("case time runs backwards")
		}
	})
}

func TestUnusableClocks(t *testing.T) {
	for _, c := range []Clock{{Speed: -1, Epoch: epoch}, {Speed: math.NaN()}, {Speed: math.Inf(1), Epoch: epoch}, {Speed: 60}} {
		if c.Check() == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestClockSurvivesJSON(t *testing.T) {
	want := Clock{Epoch: epoch, Speed: 120}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Clock
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
