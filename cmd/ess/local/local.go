// Package local runs whole installations of ESS on loopback: a PostgreSQL, a
// Temporal server, a LINE platform with phones, the telephones and mailboxes
// beside it, and the processes of the ess binary. It is for ess dev, ess
// simulate and the smoke tests; nothing in it is part of a real installation.
package local

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/channelemu"
	"github.com/ess-thailand/ess/lineemu"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres/pgserver"
	"github.com/ess-thailand/ess/workflows"
)

// StackOptions say what the servers of a machine are like.
type StackOptions struct {
	Dir          string // data folder, kept; empty: a temporary one, removed by Stop
	Localstack   string // the localstack binary; empty: $ESS_LOCALSTACK, else .local/bin/localstack
	Binary       string // the ess binary that runs as processes
	PostgresPort int    // 0: a free one
	FrontendPort int
	UIPort       int // 0: no UI
	Codec        string
	Stderr       io.Writer
	Settings     map[string]string // of PostgreSQL, beside its own
}

// Stack is what installations on one machine share.
type Stack struct {
	Postgres *pgserver.Server
	Address  string // of the Temporal frontend
	UI       string // address of the Temporal UI, if there is one
	o        StackOptions
	temporal *temporalServer
}

// FreePort is a TCP port of loopback that nobody uses.
func FreePort() (int, error) { return pgserver.FreePort() }

// StartStack starts PostgreSQL and Temporal.
func StartStack(ctx context.Context, o StackOptions) (*Stack, error) {
	if o.Localstack == "" {
		o.Localstack = os.Getenv("ESS_LOCALSTACK")
	}
	if _, err := os.Stat(o.Localstack); err != nil { // #nosec G703 -- the developer names it
		return nil, errors.New("the local Temporal server is not built yet: run `make stack` (a few minutes, once)")
	}
	s := &Stack{o: o}
	var err error
	options := pgserver.Options{Port: o.PostgresPort, Settings: o.Settings}
	if o.Dir != "" {
		options.Dir, options.Durable = filepath.Join(o.Dir, "postgres"), true
	}
	if s.Postgres, err = pgserver.Start(ctx, options); err != nil {
		return nil, err
	}
	if s.o.FrontendPort == 0 {
		if s.o.FrontendPort, err = FreePort(); err != nil {
			return nil, err
		}
	}
	s.Address = "127.0.0.1:" + strconv.Itoa(s.o.FrontendPort)
	if s.o.UIPort != 0 {
		s.UI = "http://127.0.0.1:" + strconv.Itoa(s.o.UIPort)
	}
	if err := s.StartTemporal(ctx); err != nil {
		s.Postgres.Stop()
		return nil, err
	}
	return s, nil
}

// StartTemporal starts Temporal, for the first time or after StopTemporal.
func (s *Stack) StartTemporal(ctx context.Context) error {
	started, err := startTemporal(ctx, temporalOptions{
		Binary: s.o.Localstack, PostgresURL: s.Postgres.URL("postgres"), FrontendPort: s.o.FrontendPort, UIPort: s.o.UIPort,
		CodecEndpoint: s.o.Codec, Namespace: "ess", SearchAttributes: workflows.SearchAttributes(), Stderr: s.o.Stderr,
	})
	if err == nil { // else the one that has ended stays: it may be asked to end again
		s.temporal = started
	}
	return err
}

// StopTemporal takes Temporal away; what it knows is kept.
func (s *Stack) StopTemporal() { s.temporal.stop() }

// KillTemporal is kill -9 of Temporal.
func (s *Stack) KillTemporal() { s.temporal.kill() }

// TemporalRuns reports whether Temporal has not ended.
func (s *Stack) TemporalRuns() bool {
	select {
	case <-s.temporal.ended():
		return false
	default:
		return true
	}
}

// Ended is closed when one of the servers has ended, wanted or not.
func (s *Stack) Ended() <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		select {
		case <-s.temporal.ended():
		case <-s.Postgres.Exited():
		}
		close(ended)
	}()
	return ended
}

// Stop ends the servers.
func (s *Stack) Stop() {
	s.temporal.stop()
	s.Postgres.Stop()
}

// Options say what one installation is like.
type Options struct {
	Name      string             // its database and Temporal namespace
	Dir       string             // keyset and spool
	Speed     float64            // case seconds per second; 0: 1
	Epoch     time.Time          // when case time began to run; zero: at once
	Listen    string             // of the API; empty: a free port
	LINE      string             // of the LINE platform; empty: a free port
	Platform  lineemu.Options    // secret and clock are set by Start
	Channels  string             // of the providers of SMS, calls and mail; empty: a free port
	Without   []casefile.Channel // ways to people beside LINE that it does not have
	SMPP      bool               // SMS goes through the SMSC instead of over HTTP
	Operators map[string]string  // name to token
	Env       map[string]string  // beside what Start sets
	Binary    string             // of its processes; empty: the stack's
	Log       func(process, line string)
}

// System is one whole installation.
type System struct {
	Name      string
	Dir       string
	Clock     policy.Clock
	Platform  *lineemu.Platform
	LineURL   string
	Phones    *channelemu.Emulator // telephones and mailboxes beside LINE
	Listen    string               // host:port of the API
	Operators map[string]string
	Env       map[string]string
	API       *Process
	Worker    *Process
	Watchers  []*Process

	stack  *Stack
	binary string
	log    func(process, line string)
}

// New prepares an installation: database, namespace, keys, schema, LINE
// platform. Its processes are started by StartAPI and StartWorker.
func (s *Stack) New(ctx context.Context, o Options) (*System, error) {
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Epoch.IsZero() {
		o.Epoch = time.Now().UTC()
	}
	sys := &System{
		Name: o.Name, Dir: o.Dir, Clock: policy.Clock{Epoch: o.Epoch, Speed: o.Speed}, Operators: o.Operators, stack: s, log: o.Log, Listen: o.Listen,
	}
	if sys.binary = o.Binary; sys.binary == "" {
		sys.binary = s.o.Binary
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := s.Postgres.CreateDatabase(ctx, o.Name); err != nil {
		return nil, err
	}
	if err := s.namespace(ctx, o.Name); err != nil {
		return nil, fmt.Errorf("make the Temporal namespace: %w", err)
	}
	if sys.Listen == "" {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		sys.Listen = "127.0.0.1:" + strconv.Itoa(port)
	}
	if o.LINE == "" {
		o.LINE = "127.0.0.1:0"
	}
	secret, err := keptSecret(filepath.Join(o.Dir, "line-channel-secret"))
	if err != nil {
		return nil, err
	}
	p := o.Platform
	p.ChannelSecret, p.ChannelID, p.Speed = secret, "1234567890", o.Speed
	p.Now = func() time.Time { return sys.Clock.Case(time.Now()) }
	if sys.Platform, err = lineemu.New(p); err != nil {
		return nil, err
	}
	if sys.LineURL, err = sys.Platform.Listen(context.WithoutCancel(ctx), o.LINE); err != nil {
		return nil, err
	}
	if err := sys.Platform.SetWebhookURL("http://" + sys.Listen + "/line/webhook"); err != nil {
		return nil, err
	}
	var operators []string
	for name, token := range o.Operators {
		operators = append(operators, name+"="+token)
	}
	loginID, loginSecret := sys.Platform.LoginChannel()
	sys.Env = map[string]string{
		"ESS_DATABASE_URL": s.Postgres.URL(o.Name), "ESS_TEMPORAL_ADDRESS": s.Address, "ESS_TEMPORAL_NAMESPACE": o.Name,
		"ESS_KEYSET": "file:" + filepath.Join(o.Dir, "keyset.json"), "ESS_LINE_SECRETS": secret, "ESS_LINE_CHANNEL_ID": "1234567890",
		"ESS_LINE_API": sys.LineURL, "ESS_LINE_DATA": sys.LineURL, "ESS_LINE_LOGIN": sys.LineURL, "ESS_LINE_LOGIN_CHANNEL_ID": loginID,
		"ESS_LINE_LOGIN_SECRET": loginSecret, "ESS_PUBLIC_URL": "http://" + sys.Listen, "ESS_LISTEN": sys.Listen, "ESS_SPOOL": filepath.Join(o.Dir, "spool"),
		"ESS_OPERATORS": strings.Join(operators, ","), "ESS_DEVELOPMENT": "true",
		"ESS_SPEED": strconv.FormatFloat(o.Speed, 'f', -1, 64), "ESS_EPOCH": o.Epoch.Format(time.RFC3339Nano),
	}
	if err := sys.openPhones(ctx, o); err != nil {
		return nil, err
	}
	for k, v := range o.Env {
		sys.Env[k] = v
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "keyset.json")); err != nil {
		if err := sys.Run("keys", "new"); err != nil {
			return nil, err
		}
	}
	return sys, sys.Run("migrate")
}

// keptSecret is a random secret, the same at every start.
func keptSecret(file string) (string, error) {
	if kept, err := os.ReadFile(file); err == nil { // #nosec -- a path of our own making
		return string(kept), nil
	}
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	secret := hex.EncodeToString(raw)
	return secret, os.WriteFile(file, []byte(secret), 0o600)
}

// namespace gives an installation a Temporal namespace with our search attributes.
func (s *Stack) namespace(ctx context.Context, name string) error {
	options := client.Options{HostPort: s.Address, Logger: quiet{}}
	c, err := client.NewNamespaceClient(options)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Describe(ctx, name); err == nil {
		return nil
	}
	if err := c.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(72 * time.Hour),
	}); err != nil {
		return err
	}
	kinds := map[string]enums.IndexedValueType{
		"Keyword": enums.INDEXED_VALUE_TYPE_KEYWORD, "Int": enums.INDEXED_VALUE_TYPE_INT,
		"Datetime": enums.INDEXED_VALUE_TYPE_DATETIME, "Bool": enums.INDEXED_VALUE_TYPE_BOOL,
	}
	want := map[string]enums.IndexedValueType{}
	for _, a := range workflows.SearchAttributes() {
		want[a[0]] = kinds[a[1]]
	}
	options.Namespace = name
	for range 200 { // a new namespace is known to every service after a moment
		var operator client.Client
		if operator, err = client.Dial(options); err == nil {
			_, err = operator.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: name, SearchAttributes: want})
			operator.Close()
			if err == nil {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// quiet drops what the SDK's client says of itself.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

func (s *System) environ(more map[string]string) []string {
	all := os.Environ()
	for _, vars := range []map[string]string{s.Env, more} {
		for k, v := range vars {
			all = append(all, k+"="+v)
		}
	}
	return all
}

// Run runs an ess command to its end; a failure carries what it said.
func (s *System) Run(args ...string) error {
	cmd := exec.Command(s.binary, args...) // #nosec -- our own binary
	cmd.Env, cmd.Dir = s.environ(nil), s.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ess %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Process is one running ess process.
type Process struct {
	Listen string // where its health checks answer
	cmd    *exec.Cmd
	done   chan struct{}
}

// Start starts any ess process under an environment of its own, and waits until
// it is ready. The process ends with this one. Begun, unless it is nil, hears of
// the process before it is ready, and may kill it.
func (s *System) Start(ctx context.Context, listen string, env map[string]string, begun func(*Process), args ...string) (*Process, error) {
	p := &Process{Listen: listen, cmd: exec.Command(s.binary, args...), done: make(chan struct{})} // #nosec -- our own binary
	more := map[string]string{"ESS_LISTEN": listen}
	for k, v := range env {
		more[k] = v
	}
	p.cmd.Env, p.cmd.Dir = s.environ(more), s.Dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	logs, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	var last tail
	started := make(chan error, 1)
	go func() { // Pdeathsig follows the thread that started the process: keep to one that lives
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		lines := bufio.NewScanner(logs)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			last.add(lines.Text())
			if s.log != nil {
				s.log(args[0], lines.Text())
			}
		}
		_ = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if begun != nil {
		begun(p)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if ready(ctx, listen) {
			return p, nil
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("ess %s ended: %s", args[0], last.String())
		case <-ctx.Done():
			p.Kill()
			return nil, fmt.Errorf("ess %s did not become ready: %s", args[0], last.String())
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func ready(ctx context.Context, listen string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listen+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// tail keeps the last lines that a process said.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	if len(t.lines) > 20 {
		t.lines = t.lines[1:]
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// StartAPI starts the API process.
func (s *System) StartAPI(ctx context.Context) (err error) {
	s.API, err = s.Start(ctx, s.Listen, nil, nil, "api")
	return err
}

// StartWorker starts the worker process, under another build ID if one is given.
func (s *System) StartWorker(ctx context.Context, build string) (err error) {
	port, err := FreePort()
	if err != nil {
		return err
	}
	env := map[string]string{}
	if build != "" {
		env["ESS_BUILD"] = build
	}
	s.Worker, err = s.Start(ctx, "127.0.0.1:"+strconv.Itoa(port), env, nil, "worker")
	return err
}

// StartWatch starts a second watcher, beside those that run.
func (s *System) StartWatch(ctx context.Context) (*Process, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	p, err := s.Start(ctx, "127.0.0.1:"+strconv.Itoa(port), nil, nil, "watch")
	if err == nil {
		s.Watchers = append(s.Watchers, p)
	}
	return p, err
}

// Kill is kill -9.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end and waits for it.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(40 * time.Second):
		p.Kill()
	}
}

// Signal sends a signal: SIGSTOP pauses the process, SIGCONT wakes it.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Ready reports whether the process says that it is.
func (p *Process) Ready(ctx context.Context) bool { return ready(ctx, p.Listen) }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the installation's processes, its LINE platform and its telephones.
func (s *System) Stop() {
	for _, p := range append([]*Process{s.API, s.Worker}, s.Watchers...) {
		if p != nil {
			p.Stop()
		}
	}
	s.Platform.Close()
	s.Phones.Close()
}

// SeedLINE is the LINE user ID of a synthetic member: well-formed, and nobody's.
func SeedLINE(code string) string {
	sum := sha256.Sum256([]byte("ess seed " + code))
	return "U" + hex.EncodeToString(sum[:16])
}

// fiction are area codes of North America. In each of them the numbers 555-0100
// to 555-0199 are set aside for films and books; Thailand has no such numbers.
var fiction = []string{"201", "202", "212", "213", "303", "312", "415", "617"}

// SeedNumber is the n-th telephone number that is well-formed, and nobody's. There
// are 800, and none after them.
func SeedNumber(n int) string {
	if n < 0 || n >= 100*len(fiction) {
		return ""
	}
	return fmt.Sprintf("+1%s55501%02d", fiction[n/100], n%100)
}
