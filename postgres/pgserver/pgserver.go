// Package pgserver starts a private PostgreSQL server and stops it again.
//
// It is for `ess dev` and for tests: its own data folder, loopback only, its
// own password. It never touches the system's cluster, downloads nothing and is
// not a way to run a real installation.
package pgserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	admin = "postgres" // superuser of the cluster
	owner = "ess"      // owns the databases; row-level security holds for it

	// maxSocketPath is what fits into sockaddr_un on Linux and macOS, less the file name.
	maxSocketPath = 103 - len("/.s.PGSQL.65535")

	takeoverWait = 10 * time.Second // for a predecessor whose parent was killed to shut down
	stopWait     = 20 * time.Second
)

// Options says where the server lives and how careful it is. The zero value is
// a temporary server that forgets everything.
type Options struct {
	// Dir is the folder that belongs to the server: data, password, log and
	// socket. What is in it is kept from one start to the next. Empty means a
	// temporary folder that goes away with the server.
	Dir string

	// Port on 127.0.0.1; 0 means any free one.
	Port int

	// Durable waits for the disk on commit. Without it a power cut may ruin the
	// data folder; the death of a process never does.
	Durable bool

	// Settings are further lines of postgresql.conf, for example
	// "shared_preload_libraries": "pg_stat_statements".
	Settings map[string]string
}

// Server is a running server.
type Server struct {
	dir       string
	temporary bool
	port      int
	password  string

	postgres *exec.Cmd
	exited   chan struct{} // closed when postgres has ended
	watcher  *watcher
}

// Start starts a server and returns when it takes connections. The first start
// in a folder creates the cluster. The server ends with this process, however
// this process ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	user, err := unprivileged()
	if err != nil {
		return nil, err
	}
	s := &Server{temporary: o.Dir == "", port: o.Port}
	if s.dir, err = prepareDir(o.Dir, user); err != nil {
		return nil, err
	}
	if err := s.start(ctx, o, bin, user); err != nil {
		if s.temporary {
			err = errors.Join(err, os.RemoveAll(s.dir))
		}
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, o Options, bin string, user *syscall.Credential) error {
	if err := s.initialise(ctx, bin, user, o.Durable); err != nil {
		return err
	}
	if s.port == 0 {
		port, err := FreePort()
		if err != nil {
			return err
		}
		s.port = port
	}
	// A predecessor may still be shutting down: it notices its parent's death a
	// moment after us.
	var busy error // the latest try that found it there
	for deadline := time.Now().Add(takeoverWait); ; {
		err := s.launch(ctx, o, bin, user)
		if err == nil {
			break
		}
		if errors.Is(err, errOccupied) {
			busy = err
		} else if busy != nil && ctx.Err() != nil {
			return busy // the next try was cut short before it could find the same
		}
		if !errors.Is(err, errOccupied) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err // which says more than the deadline
		case <-time.After(200 * time.Millisecond):
		}
	}
	if err := s.createOwner(ctx); err != nil {
		s.Stop()
		return err
	}
	return nil
}

// initialise creates the cluster unless it is there, and reads the password.
func (s *Server) initialise(ctx context.Context, bin string, user *syscall.Credential, durable bool) error {
	passwordFile := filepath.Join(s.dir, "password")
	if b, err := os.ReadFile(passwordFile); err == nil && exists(s.data("PG_VERSION")) {
		s.password = strings.TrimSpace(string(b))
		return sameMajor(ctx, bin, s.data("PG_VERSION"))
	}
	// A cluster without a password file, or the reverse, is a first start that
	// was cut short: nobody can have used it.
	if err := os.RemoveAll(s.data()); err != nil {
		return fmt.Errorf("remove the unfinished data folder: %w", err)
	}
	secret := make([]byte, 16)
	_, _ = rand.Read(secret) // never fails
	s.password = hex.EncodeToString(secret)
	unfinished := passwordFile + ".new"
	if err := os.WriteFile(unfinished, []byte(s.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the password: %w", err)
	}
	if err := give(unfinished, user); err != nil {
		return err
	}
	args := []string{
		"--pgdata", s.data(), "--username", admin, "--pwfile", unfinished, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", locale(), "--data-checksums",
	}
	if !durable {
		args = append(args, "--no-sync")
	}
	cmd := command(s.dir, user, filepath.Join(bin, "initdb"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Rename(unfinished, passwordFile) // the last step: from here on the cluster counts
}

// errOccupied means that another server still holds the data folder.
var errOccupied = errors.New("a PostgreSQL server is running in this folder already")

// launch starts postgres and waits until it answers.
func (s *Server) launch(ctx context.Context, o Options, bin string, user *syscall.Credential) error {
	dropStalePID(s.data())
	logFile := filepath.Join(s.dir, "postgres.log")
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the server's log: %w", err)
	}
	defer log.Close() // postgres has its own copy

	s.postgres = command(s.dir, user, filepath.Join(bin, "postgres"), s.args(o)...)
	s.postgres.Stdout, s.postgres.Stderr = log, log
	if err := s.postgres.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s.exited = make(chan struct{})
	go func(p *exec.Cmd, exited chan<- struct{}) {
		_ = p.Wait() // how it ended is in its log
		close(exited)
	}(s.postgres, s.exited)

	remove := ""
	if s.temporary {
		remove = s.dir
	}
	if s.watcher, err = watch(s.postgres.Process.Pid, remove); err != nil {
		s.Stop()
		return err
	}
	for {
		conn, err := s.connect(ctx, admin, "postgres")
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.exited:
			s.watcher.dismiss()
			text, _ := os.ReadFile(logFile)
			if occupied(string(text)) {
				return fmt.Errorf("%w: %s", errOccupied, s.dir)
			}
			return fmt.Errorf("postgres ended at once; its log says:\n%s", text)
		case <-ctx.Done():
			s.Stop()
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// args is the whole configuration, on the command line so that nothing in the
// folder has to be edited between starts.
func (s *Server) args(o Options) []string {
	socket := s.dir
	if len(socket) > maxSocketPath {
		socket = "" // no socket then: TCP is always there
	}
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(s.port),
		"unix_socket_directories": socket,
		"unix_socket_permissions": "0700",
		"max_connections":         "200", // Temporal's pools, ours, and a person with psql
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		// A failing statement carries its values, and a DETAIL line carries the
		// row: neither may reach a log.
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
	}
	if !o.Durable {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	for name, value := range o.Settings {
		settings[name] = value
	}
	args := []string{"-D", s.data()}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

// createOwner makes the role that the product connects as: no superuser, or
// row-level security would be off for it.
func (s *Server) createOwner(ctx context.Context) error {
	conn, err := s.connect(ctx, admin, "postgres")
	if err != nil {
		return fmt.Errorf("connect to the new server: %w", err)
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", owner).Scan(&there); err != nil {
		return fmt.Errorf("look for role %s: %w", owner, err)
	}
	if there {
		return createWatcher(ctx, conn)
	}
	// The password is hex, so it needs no quoting; CREATE ROLE takes no parameters.
	if _, err := conn.Exec(ctx, fmt.Sprintf("CREATE ROLE %s LOGIN CREATEDB PASSWORD '%s'", owner, s.password)); err != nil {
		return fmt.Errorf("create role %s: %w", owner, err)
	}
	return createWatcher(ctx, conn)
}

// createWatcher makes the role that ess watch works as, which the product may
// put on but not make.
func createWatcher(ctx context.Context, conn *pgx.Conn) error {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ess_watch')").Scan(&there); err != nil || there {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE ROLE ess_watch NOLOGIN; GRANT ess_watch TO "+owner); err != nil {
		return fmt.Errorf("create role ess_watch: %w", err)
	}
	return nil
}

// URL is the address of a database for the ordinary role, which owns what
// CreateDatabase made. It holds the password: never log it.
func (s *Server) URL(database string) string { return s.url(owner, database) }

// AdminURL is the same for the superuser, for what only one may do, such as
// CREATE EXTENSION pg_stat_statements.
func (s *Server) AdminURL(database string) string { return s.url(admin, database) }

func (s *Server) url(role, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Dir is the folder in use. It differs from Options.Dir when that was empty or
// was closed to the user that PostgreSQL runs as.
func (s *Server) Dir() string { return s.dir }

// PID is the process ID of the postmaster.
func (s *Server) PID() int { return s.postgres.Process.Pid }

// Exited is closed when the server has ended, wanted or not.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// CreateDatabase creates a database unless it exists.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	return s.create(ctx, name, "template1")
}

// CloneDatabase creates a database with everything that template holds. Nobody
// may be connected to template.
func (s *Server) CloneDatabase(ctx context.Context, name, template string) error {
	return s.create(ctx, name, template)
}

func (s *Server) create(ctx context.Context, name, template string) error {
	conn, err := s.connect(ctx, admin, "postgres")
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s",
		pgx.Identifier{name}.Sanitize(), owner, pgx.Identifier{template}.Sanitize()))
	if err != nil && !isDuplicate(err) {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// DropDatabase drops a database, and throws out whoever is connected to it.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	conn, err := s.connect(ctx, admin, "postgres")
	if err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", pgx.Identifier{name}.Sanitize())); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func (s *Server) connect(ctx context.Context, role, database string) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return pgx.Connect(ctx, s.url(role, database))
}

// Stop ends the server and returns when it has ended; connections are cut, and
// what was committed is on disk. Calling it twice does no harm.
func (s *Server) Stop() {
	if s.watcher != nil {
		s.watcher.dismiss() // first, lest it shoot at a number that is someone else's by then
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGQUIT, os.Kill} { // fast, immediate, by force
		select {
		case <-s.exited:
		default:
			_ = s.postgres.Process.Signal(signal) // fails when it has just ended
		}
		select {
		case <-s.exited:
			if s.temporary {
				_ = os.RemoveAll(s.dir) // of our own making, in the folder for such things
			}
			return
		case <-time.After(stopWait):
		}
	}
}

func (s *Server) data(name ...string) string {
	return filepath.Join(append([]string{s.dir, "data"}, name...)...)
}
