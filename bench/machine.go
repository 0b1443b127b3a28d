package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machine is what the figures are measured on, and how much of it others used.
type machine struct {
	model, kernel string
	flush         time.Duration // a write of 4 KB and its fsync, median
	began         time.Time
	busy, ours    time.Duration // when it began
}

// newMachine looks at the machine, and at the disk under a folder.
func newMachine(folder string) (*machine, error) {
	m := &machine{model: processorModel(), began: time.Now()}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return nil, err
	}
	m.kernel = string(bytes.TrimSpace(kernel))
	if m.busy, m.ours, err = busyTime(); err != nil {
		return nil, err
	}
	m.flush, err = flushTime(folder)
	return m, err
}

// String describes the machine and the time since newMachine.
func (m *machine) String() string {
	text := fmt.Sprintf("%d processors (%s), Linux %s, %s. Writing 4 KB to the disk takes %s.",
		runtime.NumCPU(), m.model, m.kernel, runtime.Version(), short(m.flush))
	busy, ours, err := busyTime()
	if err != nil {
		return text
	}
	others := (busy - m.busy) - (ours - m.ours)
	all := time.Since(m.began) * time.Duration(runtime.NumCPU())
	return fmt.Sprintf("%s Other programs took %.0f %% of the processors meanwhile.", text, 100*max(0, others.Seconds()/all.Seconds()))
}

func processorModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown"
}

// busyTime returns how long all processors have worked since the system started,
// and how long for this program and those of its children that have ended.
func busyTime() (all, ours time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) {
		// cpu user nice system idle iowait irq softirq steal; the rest is in user and nice too.
		if i == 0 || i == 4 || i == 5 || i > 8 {
			continue
		}
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, 0, err
		}
		all += time.Duration(n) * tick
	}
	ours, err = statTime(os.Getpid(), ownTimes, childTimes)
	return all, ours, err
}

// flushTime returns the median time that a write of 4 KB and its fsync take.
func flushTime(folder string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(folder, "flush"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page, took := make([]byte, 4096), make([]time.Duration, 200)
	for i := range took {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
