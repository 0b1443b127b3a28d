package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The targets of a server's life.
const (
	startTarget    = 100 * time.Millisecond
	recoveryTarget = 3 * time.Second
	memoryTarget   = 60 << 20 // bytes
)

// reportLoads writes the loads' figures as a Markdown table.
func reportLoads(w io.Writer, figures []figure) {
	fmt.Fprint(w, "| operation | connections | per second | p50 | p99 | server's processor time | client's | floor | share | target |\n")
	fmt.Fprint(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- |\n")
	for _, f := range figures {
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %s | %s | %.2f | %s |\n", f.name, f.connections,
			grouped(f.perSecond()), short(f.p50), short(f.p99), short(f.cpu), short(f.own), f.floor, f.share(), f.verdict())
	}
}

// report writes what was measured beside the loads as a second table.
func (l lifecycle) report(w io.Writer) {
	fmt.Fprint(w, "\n| a server's life | measured | target |\n| --- | ---: | --- |\n")
	line := func(what, measured, target string, met bool) {
		fmt.Fprintf(w, "| %s | %s | %s: %s |\n", what, measured, target, judged(met))
	}
	line("start on an empty folder, until ready", short(l.start), "100 ms", l.start <= startTarget)
	line("start after kill -9 under PutEvents, until ready", short(l.recovery), "3 s", l.recovery <= recoveryTarget)
	line("acknowledged events lost by it", strconv.Itoa(l.lost), "0", l.lost == 0)
	line("idle memory", fmt.Sprintf("%s resident, %s of it private", megabytes(l.memory), megabytes(l.private)), "60 MB", l.memory <= memoryTarget)
}

// String describes the floor with its own figure.
func (f floor) String() string {
	if f.cpu > 0 {
		return fmt.Sprintf("%s: %s, %s/s", f.what, short(f.cpu), grouped(f.rate))
	}
	return fmt.Sprintf("%s: %s/s", f.what, grouped(f.rate))
}

// verdict says what the target is and whether it is met.
func (f figure) verdict() string {
	if f.target == (target{}) || f.connections < f.target.from {
		return ""
	}
	var wanted []string
	if f.target.rate > 0 {
		wanted = append(wanted, grouped(f.target.rate)+"/s")
	}
	if f.target.share > 0 {
		wanted = append(wanted, fmt.Sprintf("%.2f of the floor", f.target.share))
	}
	return strings.Join(wanted, ", ") + ": " + judged(f.met())
}

func judged(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

// grouped writes a number with a comma after every three digits.
func grouped(x float64) string {
	digits := strconv.FormatInt(int64(x+0.5), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short writes a time with three digits at most.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func megabytes(n int) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// machine describes what the figures were measured on: processors, system, Go
// and the time that a write of 4 KB to the disk takes in the folder.
func machine(folder string) (string, error) {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range bytes.Lines(text) {
			if name, value, _ := strings.Cut(string(line), ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "", err
	}
	flush, err := flushTime(folder)
	return fmt.Sprintf("%d processors (%s), Linux %s, %s. Writing 4 KB to the disk takes %s (median).",
		runtime.NumCPU(), model, bytes.TrimSpace(kernel), runtime.Version(), short(flush)), err
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
