package pgserver

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// watchScript waits for the end of its standard input, which comes when the
// process that holds the other end is gone, however it went. Then it shuts the
// server down and removes the folder, if there is one to remove.
const watchScript = `read -r _
kill -INT "$1" 2>/dev/null
[ -n "$2" ] || exit 0
while kill -0 "$1" 2>/dev/null; do sleep 0.1; done
rm -rf "$2"`

// watcher outlives us by a moment. It is a process and not a parent-death
// signal because that one is tied to a thread, which Go does not promise to
// keep, and exists on Linux only.
type watcher struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func watch(pid int, remove string) (*watcher, error) {
	cmd := exec.Command("/bin/sh", "-c", watchScript, "ess-postgres-watcher", strconv.Itoa(pid), remove)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("watch over postgres: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("watch over postgres: %w", err)
	}
	return &watcher{cmd: cmd, stdin: stdin}, nil
}

// dismiss ends the watcher before it acts. Calling it twice does no harm.
func (w *watcher) dismiss() {
	_ = w.cmd.Process.Kill() // fails when it has ended already
	_ = w.cmd.Wait()         // it was killed: its status says nothing
	_ = w.stdin.Close()
}
