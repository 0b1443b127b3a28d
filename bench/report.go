package main

import (
	"fmt"
	"io"
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
	line("start on an empty folder, until ready, median of five", short(l.start), "100 ms", l.start <= startTarget)
	line("start after kill -9 under PutEvents, until ready, slowest of three", short(l.recovery), "3 s", l.recovery <= recoveryTarget)
	line("acknowledged events lost by the kills", strconv.Itoa(l.lost), "0", l.lost == 0)
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
