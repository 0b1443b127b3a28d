//go:build unix

package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/aws/smithy-go"

	"pintail/internal/testkit"
)

const fullDiskChild = "APP_TEST_FULL_DISK"

// lockedBuffer is where a server logs to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// TestFullDisk: PutEvents that cannot be made durable answers 500, at which every client
// keeps its events and sends them again, and the log says why. With room again they are
// taken, and what was acknowledged is there once. It runs in a process of its own: what
// stands for the full disk is the process's limit on the size of files.
func TestFullDisk(t *testing.T) {
	if os.Getenv(fullDiskChild) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		child.Env = append(os.Environ(), fullDiskChild+"=1")
		if output, err := child.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS") {
			t.Fatalf("%v: %s", err, output)
		}
		return
	}
	log := new(lockedBuffer)
	s := testkit.StartLogging(t, slog.NewTextHandler(log, nil))
	pin := s.Pinpoint(s.RootKeys())
	made, err := pin.CreateApp(testkit.Context(t), &pinpoint.CreateAppInput{CreateApplicationRequest: &types.CreateApplicationRequest{Name: aws.String("shop")}})
	must(t, err)
	id := *made.ApplicationResponse.Id
	at := aws.String(time.Now().UTC().Format(time.RFC3339)) // the same whenever an event is reported
	report := func(n int) error {
		events := map[string]types.Event{}
		for i := range 100 {
			events[fmt.Sprintf("e-%d-%d", n, i)] = types.Event{
				EventType: aws.String("order.placed"), Timestamp: at, Attributes: map[string]string{"long": strings.Repeat("x", 200)},
			}
		}
		_, err := pin.PutEvents(testkit.Context(t), &pinpoint.PutEventsInput{ApplicationId: &id, EventsRequest: &types.EventsRequest{
			BatchItem: map[string]types.EventsBatch{"phone": {Endpoint: &types.PublicEndpoint{}, Events: events}},
		}})
		return err
	}
	must(t, report(0)) // the endpoint is known from here on, so that only the event log is written
	signal.Ignore(syscall.SIGXFSZ)
	limitFiles(t, 1<<20)
	var failure error
	acknowledged := 1
	var refusal smithy.APIError
	for ; failure == nil && acknowledged < 1000; acknowledged++ {
		failure = report(acknowledged)
		// The SDK closes a request's body as soon as the answer's head is there; if net/http has
		// not looked for the body's end by then, it takes that for an error and closes the
		// connection, now and then before the answer is read. Clients send such a request again.
		if failure != nil && !errors.As(failure, &refusal) {
			t.Log(failure)
			failure = report(acknowledged)
		}
	}
	acknowledged--
	if !errors.As(failure, &refusal) || refusal.ErrorCode() != "InternalServerErrorException" || strings.Contains(refusal.ErrorMessage(), s.Data) {
		t.Errorf("without room the answer is %v", failure)
	}
	if text := log.String(); !strings.Contains(text, "file too large") || !strings.Contains(text, "PutEvents") {
		t.Errorf("the log does not say why: %s", text)
	}
	limitFiles(t, math.MaxUint64)
	for n := range acknowledged + 1 { // clients that cannot tell send everything again
		must(t, report(n))
	}
	activity, err := s.Activity(testkit.Context(t), id)
	must(t, err)
	if len(activity.Events) != 1 || activity.Events[0].Count != int64(acknowledged+1)*100 {
		t.Errorf("%d requests are counted as %v", acknowledged+1, activity.Events)
	}
}

func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	limit.Cur = min(bytes, limit.Max)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
}
