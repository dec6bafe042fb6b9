package pgserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNotInstalled says what to install.
var ErrNotInstalled = errors.New("no PostgreSQL server found (initdb and postgres): install one; " +
	"Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17; " +
	"elsewhere put the folder with initdb into PATH")

// findBinaries returns the folder of initdb and postgres: PATH first, then
// where Debian, pg_config and Homebrew put them, newest version first.
func findBinaries() (string, error) {
	var folders []string
	folders = append(folders, filepath.SplitList(os.Getenv("PATH"))...)
	folders = append(folders, newestFirst("/usr/lib/postgresql/*/bin")...)
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/pgsql-*/bin", // PostgreSQL's own packages for Fedora and the like
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		folders = append(folders, newestFirst(pattern)...)
	}
	return firstWithServer(folders)
}

func firstWithServer(folders []string) (string, error) {
	for _, folder := range folders {
		if executable(filepath.Join(folder, "initdb")) && executable(filepath.Join(folder, "postgres")) {
			return folder, nil
		}
	}
	return "", ErrNotInstalled
}

// newestFirst sorts by the last number in the path, so that 16 comes before 9.6.
func newestFirst(pattern string) []string {
	folders, _ := filepath.Glob(pattern) // fails for a bad pattern only
	version := func(path string) float64 {
		digits := strings.FieldsFunc(path, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		for _, d := range slices.Backward(digits) {
			if v, err := strconv.ParseFloat(d, 64); err == nil {
				return v
			}
		}
		return 0
	}
	slices.SortStableFunc(folders, func(a, b string) int {
		switch {
		case version(a) > version(b):
			return -1
		case version(a) < version(b):
			return 1
		}
		return 0
	})
	return folders
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// unprivileged is whom to run the server as: nil for ourselves, and somebody
// else when we are root, which PostgreSQL refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody: start this as an ordinary user")
}

// command is a process of the server's user in its own group, so that a Ctrl-C
// at the terminal reaches us alone and we stop things in order. PG* variables
// of the caller are kept out of it.
func command(dir string, user *syscall.Credential, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=" + locale()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user, Setpgid: true}
	return cmd
}

// locale is byte order and UTF-8: the same everywhere, never changed by an
// update of the system, and right for Thai in equality and in LIKE.
func locale() string {
	if runtime.GOOS == "linux" {
		return "C.UTF-8"
	}
	return "C"
}

// prepareDir returns a folder that the server's user owns and can reach.
func prepareDir(dir string, user *syscall.Credential) (string, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "ess-postgres-")
		if err != nil {
			return "", fmt.Errorf("create a temporary folder: %w", err)
		}
		if !reachable(dir, user) {
			return "", errors.Join(fmt.Errorf("user %d cannot reach %s: set TMPDIR to a folder that everyone may enter, such as /tmp", user.Uid, dir), os.Remove(dir))
		}
		return dir, give(dir, user)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(dir))
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	dir = filepath.Join(parent, filepath.Base(dir))
	if !reachable(dir, user) {
		if err := linkOutside(dir); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // the server sees real paths only
		return "", fmt.Errorf("data folder: %w", err)
	}
	return dir, give(dir, user)
}

// linkOutside makes dir a link to a folder under /var/lib. Root's home is
// closed to the user that root has to run the server as, and the folder of a
// fresh clone is often in it.
func linkOutside(dir string) error {
	if exists(dir) {
		return nil
	}
	const home = "/var/lib/ess-dev"
	if err := os.MkdirAll(home, 0o755); err != nil {
		return fmt.Errorf("data folder outside of root's home: %w", err)
	}
	target, err := os.MkdirTemp(home, "postgres-")
	if err != nil {
		return fmt.Errorf("data folder outside of root's home: %w", err)
	}
	_ = os.Remove(dir) // a link whose target is gone
	if err := os.Symlink(target, dir); err != nil {
		return fmt.Errorf("data folder outside of root's home: %w", err)
	}
	return nil
}

// reachable says whether everyone may pass through the parents of dir. When
// the server runs as ourselves, the question does not arise.
func reachable(dir string, user *syscall.Credential) bool {
	if user == nil {
		return true
	}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if parent == filepath.Dir(parent) {
			return true
		}
	}
}

func give(path string, user *syscall.Credential) error {
	if user == nil {
		return nil
	}
	if err := os.Chown(path, int(user.Uid), int(user.Gid)); err != nil {
		return fmt.Errorf("give %s to the server's user: %w", path, err)
	}
	return nil
}

// sameMajor refuses a data folder of another major version in words that help.
func sameMajor(ctx context.Context, bin, versionFile string) error {
	b, err := os.ReadFile(versionFile)
	if err != nil {
		return fmt.Errorf("read the version of the data folder: %w", err)
	}
	have := strings.TrimSpace(string(b))
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return fmt.Errorf("ask postgres for its version: %w", err)
	}
	fields := strings.Fields(string(out)) // postgres (PostgreSQL) 15.14 (Debian …)
	if len(fields) < 3 || !strings.HasPrefix(fields[2], have) {
		return fmt.Errorf("%s was made by PostgreSQL %s, but %s is %s: install PostgreSQL %s, or remove the folder and lose its data",
			filepath.Dir(versionFile), have, bin, strings.TrimSpace(string(out)), have)
	}
	return nil
}

// dropStalePID removes a postmaster.pid whose number now belongs to another
// process. PostgreSQL cannot tell, and would refuse to start; it happens after
// a restart of a container, where the same few numbers come again.
func dropStalePID(data string) {
	file := filepath.Join(data, "postmaster.pid")
	b, err := os.ReadFile(file)
	if err != nil {
		return
	}
	pid, _, _ := strings.Cut(string(b), "\n")
	cwd, err := os.Readlink("/proc/" + pid + "/cwd") // Linux only; elsewhere PostgreSQL decides
	if err == nil && cwd != data {
		_ = os.Remove(file) // if it stays, PostgreSQL says so
	}
}

// occupied says whether the log speaks of a predecessor that is still there.
func occupied(log string) bool {
	return strings.Contains(log, `lock file "postmaster.pid" already exists`) ||
		strings.Contains(log, "pre-existing shared memory block")
}

func isDuplicate(err error) bool {
	const duplicateDatabase = "42P04"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == duplicateDatabase
}

// given are the ports that FreePort has named in this process.
var given sync.Map

// FreePort is a TCP port of loopback that nobody uses. It lies below those that
// the system gives to outgoing connections, so that none of these takes it
// between the look and the use, and is named once in a process.
func FreePort() (int, error) {
	const from, until, tries = 10000, 30000, 1000
	for range tries {
		port := from + rand.IntN(until-from) // #nosec G404 -- no secret
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue // somebody has it
		}
		_ = l.Close()
		if _, twice := given.LoadOrStore(port, true); !twice {
			return port, nil
		}
	}
	return 0, errors.New("no free port on loopback")
}
