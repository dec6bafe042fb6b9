package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestNewestVersionIsTriedFirst(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"9.6", "15", "16", "8.4"} {
		if err := os.MkdirAll(filepath.Join(root, version, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, folder := range newestFirst(filepath.Join(root, "*", "bin")) {
		got = append(got, filepath.Base(filepath.Dir(folder)))
	}
	if want := "16 15 9.6 8.4"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestFolderBehindAClosedDoorIsNotReachable(t *testing.T) {
	root := t.TempDir()
	closed := filepath.Join(root, "closed")
	if err := os.MkdirAll(filepath.Join(closed, "inner"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	other := &syscall.Credential{Uid: 12345, Gid: 12345}
	if reachable(filepath.Join(closed, "inner"), other) {
		t.Error("a folder inside of a closed one counts as reachable")
	}
	if !reachable(filepath.Join(closed, "inner"), nil) {
		t.Error("our own folder counts as closed to ourselves")
	}
}

func TestRootDataFolderBehindAClosedDoorMovesOut(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root runs the server as somebody else")
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Options{Dir: filepath.Join(closed, "postgres")})
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(s.Dir())
	defer s.Stop()
	if !strings.HasPrefix(s.Dir(), "/var/lib/ess-dev/postgres-") {
		t.Errorf("the data folder is %s", s.Dir())
	}
	if link, err := filepath.EvalSymlinks(filepath.Join(closed, "postgres")); err != nil || link != s.Dir() {
		t.Errorf("the folder asked for leads to %q (%v), want %s", link, err, s.Dir())
	}
}

func TestServerIsFoundOrTheErrorSaysHowToGetOne(t *testing.T) {
	empty, clientOnly, full := t.TempDir(), t.TempDir(), t.TempDir()
	for _, file := range []string{
		filepath.Join(clientOnly, "initdb"), // a leftover; no postgres beside it
		filepath.Join(full, "initdb"), filepath.Join(full, "postgres"),
	} {
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := firstWithServer([]string{empty, clientOnly, full}); err != nil || got != full {
		t.Errorf("got %q, %v; want %q", got, err, full)
	}
	_, err := firstWithServer([]string{empty, clientOnly})
	if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("got %v", err)
	}
}
