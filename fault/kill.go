//go:build faults

// Package fault marks the points at which a process may die, and here, built
// with the tag faults, lets it die there.
package fault

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// The point that ESS_FAULT names, as name:nth, and how often it was passed.
var (
	point, nth = named(os.Getenv("ESS_FAULT"))
	passed     atomic.Int64
)

func named(setting string) (string, int64) {
	name, times, _ := strings.Cut(setting, ":")
	n, err := strconv.ParseInt(times, 10, 64)
	if setting != "" && (err != nil || n < 1) {
		panic("ESS_FAULT: want name:nth")
	}
	return name, n
}

// Here ends the process as kill -9 does when it passes the named point the nth time.
func Here(name string) {
	if name != point || passed.Add(1) != nth {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing runs on until the signal has come
}
