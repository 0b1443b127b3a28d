package audience

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"pintail/internal/clock"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/store/sqlite"
	"pintail/internal/wire"
)

// BenchmarkUpdateEndpoint measures durable updates by 64 callers, without the
// wire: an endpoint as Amplify makes it, a tenth of them new.
func BenchmarkUpdateEndpoint(b *testing.B) {
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "directory.db"), Collections()...)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	master, err := keys.ParseMasterKey(strings.Repeat("5a", 32))
	if err != nil {
		b.Fatal(err)
	}
	now := new(clock.Clock)
	s := New(Config{DB: db, Master: master, Clock: now, Account: "123456789012", Jobs: job.New(job.Config{DB: db, Clock: now})})
	call := func() *wire.Call {
		return &wire.Call{Time: now.Now(), RequestID: "83c823f5-0000-4000-8000-000000000000"}
	}
	made, err := s.createApp(b.Context(), call(), &pinpoint.CreateAppRequest{CreateApplicationRequest: &pinpoint.CreateApplicationRequest{Name: "shop"}})
	if err != nil {
		b.Fatal(err)
	}
	var count atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			n := count.Add(1) / 10
			in := &pinpoint.UpdateEndpointRequest{
				ApplicationId: made.ApplicationResponse.Id, EndpointId: fmt.Sprintf("77a451a8-97d7-45ba-8de2-%012d", n),
				EndpointRequest: &pinpoint.EndpointRequest{
					ChannelType: "GCM", Address: fmt.Sprintf("token-%0120d", n),
					Attributes:  map[string][]string{"email": {"a@example.org"}, "plan": {"gold"}, "interests": {"a", "b"}},
					Demographic: &pinpoint.EndpointDemographic{Platform: "android", Make: "Acme", Locale: "de_DE", Timezone: "Europe/Paris"},
					Location:    &pinpoint.EndpointLocation{Country: "DE", City: "Hamburg"},
					User:        &pinpoint.EndpointUser{UserId: fmt.Sprintf("user-%d", n)},
				},
			}
			if _, err := s.updateEndpoint(b.Context(), call(), in); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}
