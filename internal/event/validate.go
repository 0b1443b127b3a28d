package event

import (
	"time"
	"unicode/utf8"

	"pintail/internal/audience"
	"pintail/internal/gen/pinpoint"
)

// Limits of PutEvents (Pinpoint quotas, "Event ingestion"). Lengths are in
// characters. The number of endpoints has no published limit; it is that of
// UpdateEndpointsBatch, because each of them may have to be created.
const (
	maxEvents    = 100
	maxEndpoints = 100
	maxKeys      = 40 // attributes and metrics of an event together
	maxKey       = 50
	maxValue     = 200
	maxEventSize = 1000 << 10 // bytes
)

// checkBatches counts a request's events. It returns BadRequestException for
// more than a request may carry.
func checkBatches(batches map[string]pinpoint.EventsBatch) (int, error) {
	if len(batches) > maxEndpoints {
		return 0, pinpoint.BadRequestException.Newf("A request has at most %d endpoints.", maxEndpoints)
	}
	count := 0
	for _, b := range batches {
		count += len(b.Events)
	}
	if count > maxEvents {
		return 0, pinpoint.BadRequestException.Newf("A request has at most %d events.", maxEvents)
	}
	return count, nil
}

// moments are the times that an event names; a session's are zero when absent.
type moments struct {
	at, start, stop time.Time
}

// check reads an event's times and returns the rule that the event breaks, ""
// when it breaks none.
func check(id string, e *pinpoint.Event) (m moments, problem string) {
	switch {
	case id == "":
		return m, "Missing event id"
	case e.EventType == "":
		return m, "Missing EventType"
	case e.Timestamp == "":
		return m, "Missing Timestamp"
	case len(e.Attributes)+len(e.Metrics) > maxKeys:
		return m, "An event has at most 40 attributes and metrics"
	}
	if problem := checkEntries(e); problem != "" {
		return m, problem
	}
	if size(id, e) > maxEventSize {
		return m, "An event has at most 1000 KB"
	}
	var err error
	if m.at, err = audience.ParseTime(e.Timestamp); err != nil {
		return m, "Timestamp is not an ISO 8601 date"
	}
	return m, m.session(e.Session)
}

// session reads the times of a session and returns the rule that it breaks.
func (m *moments) session(s *pinpoint.Session) string {
	if s == nil {
		return ""
	}
	switch {
	case s.Id == "":
		return "Missing Session.Id"
	case s.StartTimestamp == "":
		return "Missing Session.StartTimestamp"
	}
	var err error
	if m.start, err = audience.ParseTime(s.StartTimestamp); err != nil {
		return "Session.StartTimestamp is not an ISO 8601 date"
	}
	if s.StopTimestamp == "" {
		return ""
	}
	if m.stop, err = audience.ParseTime(s.StopTimestamp); err != nil {
		return "Session.StopTimestamp is not an ISO 8601 date"
	}
	return ""
}

func checkEntries(e *pinpoint.Event) string {
	for key, value := range e.Attributes {
		if key == "" || longer(key, maxKey) {
			return "An attribute's name has 1 to 50 characters"
		}
		if longer(value, maxValue) {
			return "An attribute's value has at most 200 characters"
		}
	}
	for key := range e.Metrics {
		if key == "" || longer(key, maxKey) {
			return "A metric's name has 1 to 50 characters"
		}
	}
	return ""
}

// longer tells whether a text has more than n characters.
func longer(s string, n int) bool { return len(s) > n && utf8.RuneCountInString(s) > n }

// size counts the bytes of what clients can make large.
func size(id string, e *pinpoint.Event) int {
	n := len(id) + len(e.EventType) + len(e.Timestamp) + len(e.AppPackageName) + len(e.AppTitle) +
		len(e.AppVersionCode) + len(e.ClientSdkVersion) + len(e.SdkName)
	if s := e.Session; s != nil {
		n += len(s.Id) + len(s.StartTimestamp) + len(s.StopTimestamp)
	}
	for key, value := range e.Attributes {
		n += len(key) + len(value)
	}
	for key := range e.Metrics {
		n += len(key) + 8
	}
	return n
}
