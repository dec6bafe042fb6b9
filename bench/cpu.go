package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor time in /proc, the same on every Linux that Go supports.
const tick = 10 * time.Millisecond

// cpu is the processor time that each part of the run has used so far. Children
// of PostgreSQL that have ended count too: it has waited for them.
func cpu() map[string]time.Duration {
	type process struct {
		parent int
		name   string
		used   time.Duration
	}
	all := map[int]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		raw, err := os.ReadFile(file) // #nosec -- a path of /proc
		if err != nil {
			continue // it has just ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		open, end := bytes.IndexByte(raw, '('), bytes.LastIndexByte(raw, ')')
		if open < 0 || end < open {
			continue
		}
		name, fields := string(raw[open+1:end]), strings.Fields(string(raw[end+1:]))
		if len(fields) < 15 {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		used := ticks(fields[11]) + ticks(fields[12]) // user, system
		if name == "postgres" {
			used += ticks(fields[13]) + ticks(fields[14]) // of children that have ended
		}
		if name == "ess" || pid != os.Getpid() && parent == os.Getpid() {
			if words, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline")); err == nil { // #nosec -- a path of /proc
				if args := bytes.Split(words, []byte{0}); len(args) > 1 && name != "postgres" && name != "localstack" {
					name = string(args[1]) // api, worker, floor
				}
			}
		}
		all[pid] = process{parent, name, used}
	}
	self := os.Getpid()
	out := map[string]time.Duration{"phones and LINE": all[self].used}
	for pid, p := range all {
		switch {
		case pid == self:
		case p.parent == self:
			out[p.name] += p.used
		case p.name == "postgres" && all[p.parent].name == "postgres" && all[p.parent].parent == self:
			out[p.name] += p.used
		}
	}
	return out
}

func ticks(field string) time.Duration {
	n, _ := strconv.ParseInt(field, 10, 64)
	return time.Duration(n) * tick
}

// usedSince is what has been used since an earlier look.
func usedSince(before map[string]time.Duration) map[string]time.Duration {
	now := cpu()
	for name := range now {
		now[name] -= before[name]
	}
	return now
}
