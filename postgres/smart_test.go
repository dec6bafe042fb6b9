package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/postgres"
)

func TestASessionLastsWhileTheMembershipDoes(t *testing.T) {
	f := setup(t)
	now := began
	f.Now = func() time.Time { return now }
	f.unit("st", casefile.LevelStation, 16.8, 100.2)
	f.members(officer("m1", "st", 16.8, 100.2))
	open := func(proof string) string {
		t.Helper()
		token, err := f.OpenSession(t.Context(), "m1", proof)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	lives := func(token string) bool {
		t.Helper()
		m, err := f.Session(t.Context(), token)
		if err != nil && !errors.Is(err, casefile.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil && m.ID == "m1"
	}
	token := open("proof-1")
	if !lives(token) || lives("another") || lives("") {
		t.Fatal("a session is its token's, and no other's")
	}
	if _, err := f.OpenSession(t.Context(), "m1", "proof-1"); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("a proof opened two sessions: %v", err)
	}
	if n := f.mustSQL(`SELECT count(*)::text FROM smart_sessions s WHERE s::text LIKE '%' || $1 || '%'`, token); n != "0" {
		t.Error("the token itself is kept")
	}
	if n := f.mustSQL(`SELECT count(*)::text FROM audit WHERE action = 'MEMBER_SIGNED_IN' AND actor = 'MEMBER:m1'`); n != "1" {
		t.Errorf("%s sign-ins are in the audit log", n)
	}

	now = began.Add(postgres.SessionIdle - time.Minute)
	if !lives(token) {
		t.Error("it ended although it was in use")
	}
	now = now.Add(postgres.SessionIdle - time.Minute)
	if !lives(token) {
		t.Error("the look did not keep it open")
	}
	now = now.Add(postgres.SessionIdle + time.Minute)
	if lives(token) {
		t.Error("it outlived its idle time")
	}
	week := open("proof-2")
	for end := now.Add(postgres.SessionLife - time.Hour); now.Before(end); now = now.Add(postgres.SessionIdle / 2) {
		if !lives(week) {
			t.Fatal("it ended within its week")
		}
	}
	now = now.Add(postgres.SessionIdle / 2)
	if lives(week) {
		t.Error("it outlived its week")
	}

	one, two, other := open("proof-3"), open("proof-4"), open("proof-5")
	if err := f.EndSession(t.Context(), one, false); err != nil || lives(one) || !lives(two) {
		t.Errorf("signed out of one: %v", err)
	}
	if err := f.EndSession(t.Context(), two, true); err != nil || lives(two) || lives(other) {
		t.Errorf("signed out everywhere: %v", err)
	}
	last := open("proof-6")
	f.mustSQL(`UPDATE members SET state = 'SUSPENDED', on_duty = false, lat = NULL, lon = NULL, cell = NULL, fixed_at = NULL WHERE id = 'm1' RETURNING id`)
	if lives(last) {
		t.Error("a suspended member is still in")
	}
	if _, err := f.OpenSession(t.Context(), "m1", "proof-7"); !errors.Is(err, casefile.ErrNotFound) {
		t.Errorf("a suspended member came in: %v", err)
	}
}

func TestAnAttemptToSignInIsUsedOnceInItsBrowser(t *testing.T) {
	f := setup(t)
	now := began
	f.Now = func() time.Time { return now }
	keep := func(state string) {
		t.Helper()
		if err := f.KeepAttempt(t.Context(), "browser", state, "nonce", "verifier"); err != nil {
			t.Fatal(err)
		}
	}
	take := func(browser, state string) bool {
		t.Helper()
		nonce, verifier, err := f.TakeAttempt(t.Context(), browser, state)
		if err != nil && !errors.Is(err, casefile.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil && nonce == "nonce" && verifier == "verifier"
	}
	keep("s1")
	if take("another browser", "s1") || take("browser", "another state") {
		t.Error("an attempt went to somebody else")
	}
	if !take("browser", "s1") || take("browser", "s1") {
		t.Error("an attempt is used once")
	}
	keep("s2")
	now = now.Add(postgres.AttemptLife + time.Second)
	if take("browser", "s2") {
		t.Error("an attempt outlived its minutes")
	}
	keep("s3")
	if n := f.mustSQL(`SELECT count(*)::text FROM smart_attempts`); n != "1" {
		t.Errorf("%s attempts are kept: the one that is over is not forgotten", n)
	}
}
