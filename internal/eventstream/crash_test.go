package eventstream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"

	"pintail/internal/app"
	"pintail/internal/clock"
	"pintail/internal/config"
	"pintail/internal/testkit"
	"pintail/internal/testkit/pgtest"
)

// childConfig is the environment variable that makes the test binary a server, to be
// killed.
const childConfig = "EVENTSTREAM_TEST_CONFIG"

func TestMain(m *testing.M) {
	if text := os.Getenv(childConfig); text != "" {
		fmt.Fprintln(os.Stderr, serve(text))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serve runs a server, prints its URL, and returns only when something fails.
func serve(text string) error {
	var c config.Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	ctx := context.Background()
	a, err := app.Open(ctx, c, new(clock.Clock), slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		return err
	}
	root, _ := a.Root()
	fmt.Println(a.URL(), root.AccessKeyID, root.Secret)
	return a.Run(ctx)
}

// victim is a server in a process of its own.
type victim struct {
	process *exec.Cmd
	pin     *pinpoint.Client
}

func startVictim(t *testing.T, c config.Config) *victim {
	t.Helper()
	text, err := json.Marshal(c)
	must(t, err)
	v := &victim{process: exec.Command(os.Args[0])}
	v.process.Env = append(os.Environ(), childConfig+"="+string(text))
	v.process.Stderr = os.Stderr
	output, err := v.process.StdoutPipe()
	must(t, err)
	must(t, v.process.Start())
	t.Cleanup(v.kill)
	lines := bufio.NewScanner(output)
	if !lines.Scan() {
		t.Fatal("the server does not start")
	}
	var url, id, secret string
	fmt.Sscan(lines.Text(), &url, &id, &secret)
	v.pin = pinpoint.New(pinpoint.Options{
		Region: testkit.Region, BaseEndpoint: &url, Retryer: aws.NopRetryer{}, Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
	return v
}

func (v *victim) kill() {
	_ = v.process.Process.Kill()
	_ = v.process.Wait()
}

// TestKilled: a server that is killed again and again in the middle of its work hands over
// every event that it has acknowledged; one that had to be reported again, because nobody
// answered, is recorded once.
func TestKilled(t *testing.T) {
	t.Parallel()
	h := newReceiver(t)
	s := start(t, h.destination(kinesisARN)) // makes the folder, the application and the stream
	s.stream(kinesisARN)
	must(t, s.Stop())
	c := victimConfig(s, t)

	const writers = 4
	numbers := make([]int, writers) // of the next event of each
	for round := range 4 {
		v := startVictim(t, c)
		var reported atomic.Int64
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for {
					// After a kill the same event is reported again.
					if recordEvents(context.Background(), v.pin, s.app, numbers[w]*writers+w, 1) != nil {
						return
					}
					numbers[w]++
					if reported.Add(1) == int64(100+50*round) {
						v.kill()
					}
				}
			})
		}
		all.Wait()
	}
	startVictim(t, c)
	missing := map[string]bool{}
	for w, n := range numbers {
		for i := range n {
			missing[fmt.Sprint(i*writers+w)] = true
		}
	}
	acknowledged, came := len(missing), 0
	for late := time.After(time.Minute); len(missing) > 0; came++ {
		select {
		case g := <-h.records:
			delete(missing, g.Values.Number)
		case <-late:
			t.Fatalf("%d of %d events that were acknowledged have not come", len(missing), acknowledged)
		}
	}
	t.Logf("%d events acknowledged, %d records", acknowledged, came)
}

func victimConfig(s *server, t *testing.T) config.Config {
	c := config.Config{
		Data: s.Data, Listen: "127.0.0.1:0", AccountID: testkit.Account, Region: testkit.Region, LogFormat: "text", LogLevel: "error",
		AuditDays: 90, AuditDataDays: 1, Triggers: filepath.Join(t.TempDir(), "triggers.json"),
	}
	text, err := os.ReadFile(s.triggers)
	must(t, err)
	must(t, os.WriteFile(c.Triggers, text, 0o600))
	return c
}

// TestNodes: of two nodes one follows a stream; when it is killed, or stops, the other goes
// on. Events come in through both.
func TestNodes(t *testing.T) {
	t.Parallel()
	h := newReceiver(t)
	database, master := pgtest.Database(t), strings.Repeat("5a", 32)
	shared := func(c *config.Config) { c.DatabaseURL, c.MasterKey = database, master }
	s := start(t, h.destination(kinesisARN), shared)
	role := s.role("streamer", trust, allow)
	must(t, s.Stop())
	c := victimConfig(s, t)
	c.Data = t.TempDir()
	shared(&c)

	v := startVictim(t, c) // alone, so that it is the one that follows
	_, err := v.pin.PutEventStream(testkit.Context(t), &pinpoint.PutEventStreamInput{
		ApplicationId: &s.app, WriteEventStream: &types.WriteEventStream{DestinationStreamArn: aws.String(kinesisARN), RoleArn: &role},
	})
	must(t, err)
	must(t, recordEvents(testkit.Context(t), v.pin, s.app, 0, 100))
	if all := collect(t, h.records, 100); len(all) != 101 {
		t.Errorf("%d records", len(all))
	}
	second := testkit.Start(t, shared, func(c *config.Config) { c.Triggers = s.triggers })
	pin := second.Pinpoint(second.RootKeys())
	must(t, recordEvents(testkit.Context(t), pin, s.app, 100, 100)) // which the first hands over
	for range 100 {
		next(t, h.records)
	}
	v.kill()
	must(t, recordEvents(testkit.Context(t), pin, s.app, 200, 300))
	seen := map[string]bool{}
	for len(seen) < 300 {
		g := next(t, h.records)
		var n int
		if fmt.Sscan(g.Values.Number, &n); n >= 200 {
			seen[g.Values.Number] = true
		}
	}
}
