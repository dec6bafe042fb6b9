package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ess-thailand/ess/cmd/ess/local"
)

// API is the part that carries LINE's door and the relay.
const API = "api"

// Part is one process of the installation, which somebody starts again when it
// has ended, as systemd or Docker would.
type Part struct {
	Name string

	w      *World
	listen string
	args   []string
	env    map[string]string // its own ends of the links

	mu      sync.Mutex
	process *local.Process
	more    map[string]string // environment of the next start only
	wanted  bool
	starts  int
	ended   error
}

// respawn is how long a process that ended stays away.
const respawn = 300 * time.Millisecond

// link puts a proxy between every two parts.
func (w *World) link() error {
	database, err := url.Parse(w.Env["ESS_DATABASE_URL"])
	if err != nil {
		return err
	}
	emulator, err := url.Parse(w.LineURL)
	if err != nil {
		return err
	}
	ends := map[string]string{"database": database.Host, "temporal": w.Env["ESS_TEMPORAL_ADDRESS"], "line": emulator.Host}
	for _, part := range w.names() {
		for end, upstream := range ends {
			name := part + "-" + end
			if w.Links[name], err = newLink(name, upstream); err != nil {
				return err
			}
		}
		through := *database
		through.Host = w.Links[part+"-database"].Address()
		line := "http://" + w.Links[part+"-line"].Address()
		w.Parts[part] = &Part{
			Name: part, w: w, args: []string{strings.TrimRight(part, "0123456789")},
			env: map[string]string{
				"ESS_DATABASE_URL": through.String(), "ESS_LINE_API": line, "ESS_LINE_DATA": line,
				"ESS_TEMPORAL_ADDRESS": w.Links[part+"-temporal"].Address(), // watch does not know what it is
			},
		}
	}
	w.Parts[API].listen = w.Listen
	return nil
}

// names are the processes, in the order in which they are started.
func (w *World) names() []string {
	names := []string{API}
	for _, kind := range []struct {
		name  string
		count int
	}{{"watch", w.Setup.Watchers}, {"worker", w.Setup.Workers}} {
		for i := range kind.count {
			name := kind.name
			if i > 0 {
				name = fmt.Sprintf("%s%d", kind.name, i+1)
			}
			names = append(names, name)
		}
	}
	return names
}

// start starts the process and whoever starts it again.
func (p *Part) start(ctx context.Context) error {
	p.Want()
	if err := p.launch(ctx); err != nil {
		return err
	}
	p.w.work.Go(p.keep)
	return nil
}

func (p *Part) launch(ctx context.Context) error {
	p.mu.Lock()
	env := maps.Clone(p.env)
	maps.Copy(env, p.more)
	p.more = nil
	p.mu.Unlock()
	listen := p.listen
	if listen == "" {
		port, err := local.FreePort()
		if err != nil {
			return err
		}
		listen = fmt.Sprintf("127.0.0.1:%d", port)
	}
	process, err := p.w.Start(ctx, listen, env, func(started *local.Process) {
		p.mu.Lock()
		p.process = started // it can be killed before it is ready
		p.starts++
		wanted := p.wanted
		p.mu.Unlock()
		if !wanted { // it was taken down in this very moment
			started.Kill()
		}
	}, p.args...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = err
	if err == nil {
		p.process = process
	}
	return err
}

// keep starts the process again whenever it has ended and is wanted.
func (p *Part) keep() {
	for {
		p.mu.Lock()
		wanted, running := p.wanted, p.process != nil && !over(p.process)
		p.mu.Unlock()
		if wanted && !running {
			_ = p.launch(p.w.ctx) // the next round tries again; up says why it does not come
		}
		select {
		case <-p.w.ctx.Done():
			return
		case <-time.After(respawn):
		}
	}
}

func over(p *local.Process) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

// ready asks, and does not wait for one that sleeps.
func ready(ctx context.Context, p *local.Process) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return p.Ready(ctx)
}

// Process is the process that runs now, or ran last.
func (p *Part) Process() *local.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.process
}

// Starts counts how often it was started.
func (p *Part) Starts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.starts
}

// Kill is kill -9; it is started again after a moment.
func (p *Part) Kill() {
	if process := p.Process(); process != nil {
		process.Kill()
	}
}

// Down is kill -9, and it stays away until Up.
func (p *Part) Down() {
	p.mu.Lock()
	p.wanted = false
	p.mu.Unlock()
	p.Kill()
}

// Want wants it again, and does not wait: it may need what is away too.
func (p *Part) Want() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
}

// Up wants it again and waits until it is ready.
func (p *Part) Up(ctx context.Context) error {
	p.Want()
	for {
		p.mu.Lock()
		process, ended := p.process, p.ended
		p.mu.Unlock()
		if process != nil && !over(process) && ready(ctx, process) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not come up: %w; the latest start: %v", p.Name, ctx.Err(), ended)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Restart kills it and starts it with more environment, for that one life.
func (p *Part) Restart(ctx context.Context, env map[string]string) error {
	p.mu.Lock()
	p.more = env
	p.mu.Unlock()
	p.Kill()
	return p.Up(ctx)
}

// Signal sends a signal: SIGSTOP pauses it, SIGCONT wakes it.
func (p *Part) Signal(s syscall.Signal) error {
	process := p.Process()
	if process == nil {
		return fmt.Errorf("%s does not run", p.Name)
	}
	return process.Signal(s)
}

// close ends it for good.
func (p *Part) close() {
	p.mu.Lock()
	p.wanted = false
	process := p.process
	p.mu.Unlock()
	if process != nil {
		process.Kill() // how it ends when it is asked to is not the question here
	}
}
