package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// temporalOptions mirrors the flags of localstack.
type temporalOptions struct {
	Binary           string // $ESS_LOCALSTACK
	PostgresURL      string // pgserver.Server.URL("postgres"): its role may create databases
	FrontendPort     int
	UIPort           int // 0 starts no UI
	CodecEndpoint    string
	Namespace        string
	SearchAttributes [][2]string // workflows.SearchAttributes()
	Stderr           io.Writer   // warnings and errors; a healthy run writes nothing
}

// temporalServer is a running localstack process: Temporal server and UI. A real
// installation has a cluster of its own.
type temporalServer struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	exited chan struct{}
}

// startTemporal starts it and returns when it is ready. It ends with this process.
func startTemporal(ctx context.Context, o temporalOptions) (*temporalServer, error) {
	args := []string{
		"--stop-on-stdin-close", "--namespace", o.Namespace, "--codec-endpoint", o.CodecEndpoint,
		"--frontend-port", strconv.Itoa(o.FrontendPort), "--ui-port", strconv.Itoa(o.UIPort),
	}
	for _, a := range o.SearchAttributes {
		args = append(args, "--search-attribute", a[0]+"="+a[1])
	}
	s := &temporalServer{cmd: exec.Command(o.Binary, args...), exited: make(chan struct{})} // #nosec G204 -- our own binary
	s.cmd.Env = append(s.cmd.Environ(), "LOCALSTACK_POSTGRES="+o.PostgresURL)               // not an argument: ps shows those
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                                 // a Ctrl-C reaches us alone
	s.cmd.Stderr = o.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the local Temporal: %w", err)
	}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start the local Temporal: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the local Temporal: %w", err)
	}
	ready := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(stdout).ReadString('\n') // READY frontend=… ui=…, or its end
		ready <- err
		_ = s.cmd.Wait() // why it ended is on its standard error
		close(s.exited)
	}()
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		s.stop()
		return nil, errors.New("the local Temporal did not become ready; see its messages above")
	}
	return s, nil
}

// ended is closed when it has ended, wanted or not.
func (s *temporalServer) ended() <-chan struct{} { return s.exited }

// kill is kill -9.
func (s *temporalServer) kill() {
	_ = s.cmd.Process.Kill() // fails when it has just ended
	<-s.exited
	_ = s.stdin.Close()
}

// stop ends it, in about a second; what it knows is in PostgreSQL.
func (s *temporalServer) stop() {
	_ = s.stdin.Close()
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}
