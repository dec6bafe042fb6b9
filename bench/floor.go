package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// The floor is what the same servers give to a program without any rule: a door,
// a workflow, activities and a pool of its own, in a process of its own. The
// shape says how much of each; it comes from a history of ours. Nothing of ours
// is used from here to the end of this file.

// shape is the work of one case of the floor.
type shape struct {
	Messages int  // that arrive, one after another
	Locals   int  // local activities
	Tells    int  // ordinary activities
	Rows     int  // written
	Pushes   int  // messages that leave
	AtDoor   bool // a row per message is written before it is answered
}

// share is how many of a total belong to message i.
func (s shape) share(total, i int) int { return (i+1)*total/s.Messages - i*total/s.Messages }

// inWorkflow is how many rows the local activities write.
func (s shape) inWorkflow() int {
	if s.AtDoor {
		return max(0, s.Rows-s.Messages)
	}
	return s.Rows
}

// floorConfig is what the process is told, on its standard input; it ends when
// that closes.
type floorConfig struct {
	Database, Temporal, Namespace, Listen string
	LINE, Token                           string
	Shape                                 shape
}

// said is one message to the floor's door.
type said struct {
	Case string `json:"case"`
	N    int    `json:"n"`
	To   string `json:"to"` // who is pushed to
}

const (
	floorQueue     = "floor"
	floorTellQueue = "floor-tell"
	floorRowBytes  = 256
)

// serveFloor is the process.
func serveFloor(ctx context.Context, stdin io.Reader) error {
	decoder := json.NewDecoder(stdin)
	var c floorConfig
	if err := decoder.Decode(&c); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, c.Database)
	if err != nil {
		return err
	}
	defer pool.Close()
	temporalClient, err := client.Dial(client.Options{HostPort: c.Temporal, Namespace: c.Namespace, Logger: mute{}})
	if err != nil {
		return err
	}
	defer temporalClient.Close()
	f := &floor{config: c, pool: pool, temporal: temporalClient}
	options := worker.Options{DisableEagerActivities: true, MaxConcurrentWorkflowTaskPollers: 4, MaxConcurrentActivityTaskPollers: 4}
	story := worker.New(temporalClient, floorQueue, options)
	story.RegisterWorkflowWithOptions(floorCase, workflow.RegisterOptions{Name: "floor"})
	story.RegisterActivity(f)
	options.DisableWorkflowWorker = true
	tell := worker.New(temporalClient, floorTellQueue, options)
	tell.RegisterActivity(f)
	for _, w := range []worker.Worker{story, tell} {
		if err := w.Start(); err != nil {
			return err
		}
		defer w.Stop()
	}
	server := &http.Server{Addr: c.Listen, Handler: http.HandlerFunc(f.door), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, io.MultiReader(decoder.Buffered(), stdin)) // until the parent closes it, or ends
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type floor struct {
	config   floorConfig
	pool     *pgxpool.Pool
	temporal client.Client
}

// door keeps a message, if the shape says so, and hands it to the workflow.
func (f *floor) door(w http.ResponseWriter, r *http.Request) {
	var m said
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	if f.config.Shape.AtDoor {
		if err := f.Keep(r.Context(), m.Case, 1); err != nil {
			http.Error(w, "not kept", http.StatusServiceUnavailable)
			return
		}
	}
	_, err := f.temporal.SignalWithStartWorkflow(r.Context(), "floor/"+m.Case, "said", m,
		client.StartWorkflowOptions{ID: "floor/" + m.Case, TaskQueue: floorQueue}, "floor", f.config.Shape)
	if err != nil {
		http.Error(w, "not handed over", http.StatusServiceUnavailable)
	}
}

// floorCase takes its messages one at a time: rows, then pushes, which run beside it.
func floorCase(ctx workflow.Context, s shape) error {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 5 * time.Second, RetryPolicy: &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	})
	ordinary := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: floorTellQueue, StartToCloseTimeout: 20 * time.Second})
	var f *floor
	var tells []workflow.Future
	messages := workflow.GetSignalChannel(ctx, "said")
	kept, pushed := 0, 0
	for i := range s.Messages {
		var m said
		messages.Receive(ctx, &m)
		for range s.share(s.Locals, i) {
			rows := (kept+1)*s.inWorkflow()/s.Locals - kept*s.inWorkflow()/s.Locals
			kept++
			if err := workflow.ExecuteLocalActivity(local, f.Keep, m.Case, rows).Get(ctx, nil); err != nil {
				return err
			}
		}
		for range s.share(s.Tells, i) {
			n := (pushed+1)*s.Pushes/s.Tells - pushed*s.Pushes/s.Tells
			pushed++
			tells = append(tells, workflow.ExecuteActivity(ordinary, f.Push, m.To, n))
		}
	}
	for _, t := range tells {
		if err := t.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// Keep writes rows in one statement.
func (f *floor) Keep(ctx context.Context, id string, rows int) error {
	_, err := f.pool.Exec(ctx, "INSERT INTO kept (case_id, body) SELECT $1, $2 FROM generate_series(1, $3)", id, make([]byte, floorRowBytes), rows)
	return err
}

// Push sends so many messages to one phone.
func (f *floor) Push(ctx context.Context, to string, n int) error {
	for range n {
		body := []byte(`{"to":"` + to + `","messages":[{"type":"text","text":"floor"}]}`)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.config.LINE+"/v2/bot/message/push", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+f.config.Token)
		req.Header.Set("X-Line-Retry-Key", uuid.NewString())
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, res.Body) // read out to keep the connection
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return errors.New("push: " + strconv.Itoa(res.StatusCode))
		}
	}
	return nil
}

// mute drops what the SDK says of itself.
type mute struct{}

func (mute) Debug(string, ...any) {}
func (mute) Info(string, ...any)  {}
func (mute) Warn(string, ...any)  {}
func (mute) Error(string, ...any) {}

// floorProcess is the floor as the rest of the program sees it.
type floorProcess struct {
	door  string
	cmd   *exec.Cmd
	stdin io.Closer
}

// startFloor makes the floor's table and starts its process.
func startFloor(ctx context.Context, c floorConfig) (*floorProcess, error) {
	pool, err := pgxpool.New(ctx, c.Database)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE TABLE IF NOT EXISTS kept (id bigserial PRIMARY KEY, case_id text NOT NULL, body bytea NOT NULL)"); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &floorProcess{door: "http://" + c.Listen, cmd: exec.Command(filepath.Clean(self), "floor")} // #nosec -- this program
	p.cmd.Stderr = os.Stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(stdin).Encode(c); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		res, err := http.Get(p.door) // no message: 400 says that it listens
		if err == nil {
			_ = res.Body.Close()
			return p, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("the floor does not listen: %w", err), p.stop())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p *floorProcess) stop() error {
	_ = p.stdin.Close()
	return p.cmd.Wait()
}

// say posts one message to the floor's door.
func (p *floorProcess) say(ctx context.Context, m said) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.door, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New("the floor's door: " + res.Status)
	}
	return nil
}
