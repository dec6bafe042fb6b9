package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Spool keeps webhooks on disk while the database cannot: sealed, one file each,
// on disk when Put returns. It lies on another filesystem than the database.
type Spool struct {
	root   *os.Root
	sealer Sealer
}

const (
	waitingFile = ".webhook" // waits for the database
	oddFile     = ".odd"     // nobody could read it: kept for a human
)

// OpenSpool opens the folder, and creates it where there is none.
func OpenSpool(dir string, sealer Sealer) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return &Spool{root: root, sealer: sealer}, nil
}

// Close lets the folder go.
func (s *Spool) Close() error { return s.root.Close() }

// spoolDoor is the door that a webhook came through.
type spoolDoor string

const (
	lineDoor    spoolDoor = ""
	smsDoor     spoolDoor = "sms"
	receiptDoor spoolDoor = "sms-receipt"
	voiceDoor   spoolDoor = "voice"
)

// spooled is one webhook with its door and the case time of its arrival.
type spooled struct {
	Door spoolDoor `json:"door,omitempty"`
	At   time.Time `json:"at"`
	Body []byte    `json:"body"`
}

// Put keeps a webhook until it is drained. The same body is kept once.
func (s *Spool) Put(d spoolDoor, at time.Time, body []byte) error {
	return s.put(spooled{d, at, body}, waitingFile)
}

// PutOdd keeps what was proved to come from whom it should, and nobody understood.
func (s *Spool) PutOdd(d spoolDoor, at time.Time, body []byte) error {
	return s.put(spooled{d, at, body}, oddFile)
}

func (s *Spool) put(w spooled, kind string) error {
	sum := sha256.Sum256(append([]byte(w.Door), w.Body...))
	name := hex.EncodeToString(sum[:])
	if _, err := s.root.Stat(name + kind); err == nil {
		return nil
	}
	plain, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	sealed, err := s.sealer.Seal(plain, "spool|webhook|"+name)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	// Written beside and renamed, so that a crash leaves a whole file or none.
	beside := fmt.Sprintf("%s.%d.new", name, time.Now().UnixNano())
	if err := s.write(beside, sealed); err != nil {
		return errors.Join(fmt.Errorf("spool: %w", err), s.root.Remove(beside))
	}
	if err := s.root.Rename(beside, name+kind); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return s.sync(".")
}

func (s *Spool) write(name string, data []byte) error {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func (s *Spool) sync(name string) error {
	f, err := s.root.Open(name)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// waiting lists the files to drain, the oldest first.
func (s *Spool) waiting() ([]os.FileInfo, error) {
	dir, err := s.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // only read
	all, err := dir.Readdir(-1)
	all = slices.DeleteFunc(all, func(f os.FileInfo) bool { return !strings.HasSuffix(f.Name(), waitingFile) })
	slices.SortFunc(all, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	return all, err
}

// Waiting counts the webhooks that wait.
func (s *Spool) Waiting() int {
	all, _ := s.waiting() // a folder that cannot be read fails loudly in Drain
	return len(all)
}

// Drain hands every webhook that waits to take, the oldest first, and forgets
// the ones that it took. It stops at the first that take refuses.
func (s *Spool) Drain(ctx context.Context, take func(ctx context.Context, d spoolDoor, at time.Time, body []byte) error) error {
	all, err := s.waiting()
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	var aside error
	for _, f := range all {
		name := strings.TrimSuffix(f.Name(), waitingFile)
		w, err := s.open(name)
		if err != nil { // another key, or a broken disk: the others go on
			aside = errors.Join(errPutAside, err, s.root.Rename(f.Name(), name+oddFile))
			continue
		}
		if err := take(ctx, w.Door, w.At, w.Body); err != nil {
			return errors.Join(aside, err)
		}
		if err := s.root.Remove(f.Name()); err != nil {
			return errors.Join(aside, fmt.Errorf("spool: %w", err))
		}
	}
	return aside
}

// errPutAside says that a kept webhook cannot be read and waits for a human.
var errPutAside = errors.New("spool: a webhook cannot be read: kept for a human")

func (s *Spool) open(name string) (spooled, error) {
	f, err := s.root.Open(name + waitingFile)
	if err != nil {
		return spooled{}, err
	}
	defer func() { _ = f.Close() }() // only read
	sealed, err := io.ReadAll(f)
	if err != nil {
		return spooled{}, err
	}
	plain, err := s.sealer.Open(sealed, "spool|webhook|"+name)
	if err != nil {
		return spooled{}, err
	}
	var w spooled
	if json.Unmarshal(plain, &w) != nil { // never the parser's words: they may quote the body
		return spooled{}, errors.New("not a webhook")
	}
	return w, nil
}
