package audience

import (
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"time"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// cohorts is the number of groups that endpoints are drawn into for
// experiments (Pinpoint API reference, CohortId).
const cohorts = 100

// touchEvery is how old an endpoint's EffectiveDate gets before a report that
// changes nothing else moves it. Without this every batch of events would cost
// a write.
const touchEvery = time.Minute

// patch is what one request says about one endpoint. A member that was not
// sent, or sent as null, says nothing.
type patch struct {
	id        string
	request   *pinpoint.EndpointRequest
	now       time.Time
	effective time.Time
	requestID string
}

// newPatch checks what can be checked of a request without knowing the
// endpoint. It returns BadRequestException.
func newPatch(c *wire.Call, id string, r *pinpoint.EndpointRequest) (*patch, error) {
	if err := CheckEndpointID(id); err != nil {
		return nil, err
	}
	if err := checkRequest(r); err != nil {
		return nil, err
	}
	now := c.Time.UTC().Truncate(time.Millisecond)
	p := &patch{id: id, request: r, now: now, effective: now, requestID: c.RequestID}
	if r.RequestId != "" {
		p.requestID = r.RequestId
	}
	if r.EffectiveDate != "" {
		t, err := ParseTime(r.EffectiveDate)
		if err != nil {
			return nil, badRequest("EffectiveDate is not an ISO 8601 date.")
		}
		p.effective = t
	}
	return p, nil
}

// userAttributes returns what the patch says about the endpoint's user.
func (p *patch) userAttributes() map[string][]string {
	if p.request.User == nil {
		return nil
	}
	return p.request.User.UserAttributes
}

// merge returns the endpoint after the patch; stored, which may be nil, stays
// as it is. User attributes are not the endpoint's and are left alone.
func (p *patch) merge(stored *endpoint) *endpoint {
	e := new(endpoint)
	if stored == nil {
		*e = endpoint{ID: p.id, OptOut: optOutNone, Cohort: rand.IntN(cohorts), Created: p.now}
	} else {
		*e = *stored
	}
	r := p.request
	e.Effective, e.RequestID, e.Status = p.effective, p.requestID, active
	set(&e.Status, r.EndpointStatus)
	set(&e.OptOut, r.OptOut)
	set(&e.ChannelType, r.ChannelType)
	set(&e.Address, r.Address)
	e.Attributes = merged(e.Attributes, r.Attributes)
	e.Metrics = merged(e.Metrics, r.Metrics)
	e.Demographic = mergedDemographic(e.Demographic, r.Demographic)
	e.Location = mergedLocation(e.Location, r.Location)
	if r.User != nil {
		set(&e.UserID, r.User.UserId)
	}
	return e
}

// touch returns the endpoint after a report that says nothing about it.
func (p *patch) touch(stored *endpoint) *endpoint {
	e := *stored
	e.Effective = p.effective
	return &e
}

// set replaces a value by one that was sent.
func set[T ~string](field *T, sent T) {
	if sent != "" {
		*field = sent
	}
}

// merged replaces a map's values key by key. It does not change the old map.
func merged[V any](old, sent map[string]V) map[string]V {
	if len(sent) == 0 {
		return old
	}
	out := make(map[string]V, len(old)+len(sent))
	maps.Copy(out, old)
	maps.Copy(out, sent)
	return out
}

func mergedDemographic(old, sent *pinpoint.EndpointDemographic) *pinpoint.EndpointDemographic {
	if sent == nil || *sent == (pinpoint.EndpointDemographic{}) {
		return old
	}
	out := new(pinpoint.EndpointDemographic)
	if old != nil {
		*out = *old
	}
	set(&out.AppVersion, sent.AppVersion)
	set(&out.Locale, sent.Locale)
	set(&out.Make, sent.Make)
	set(&out.Model, sent.Model)
	set(&out.ModelVersion, sent.ModelVersion)
	set(&out.Platform, sent.Platform)
	set(&out.PlatformVersion, sent.PlatformVersion)
	set(&out.Timezone, sent.Timezone)
	return out
}

func mergedLocation(old, sent *pinpoint.EndpointLocation) *pinpoint.EndpointLocation {
	if sent == nil || *sent == (pinpoint.EndpointLocation{}) {
		return old
	}
	out := new(pinpoint.EndpointLocation)
	if old != nil {
		*out = *old
	}
	set(&out.City, sent.City)
	set(&out.Country, sent.Country)
	set(&out.PostalCode, sent.PostalCode)
	set(&out.Region, sent.Region)
	if sent.Latitude != nil {
		out.Latitude = new(oneDecimal(*sent.Latitude))
	}
	if sent.Longitude != nil {
		out.Longitude = new(oneDecimal(*sent.Longitude))
	}
	return out
}

// oneDecimal is the precision at which Pinpoint keeps places. Adding zero turns
// a negative zero into a plain one.
func oneDecimal(degrees float64) float64 { return math.Round(degrees*10)/10 + 0 }

// settled tells whether writing next over stored can be spared: nothing is
// different but when and by which request it was last touched, and that not by
// much.
func settled(stored, next *endpoint) bool {
	if moved := next.Effective.Sub(stored.Effective); moved < 0 || moved >= touchEvery {
		return false
	}
	was := *stored
	was.Effective, was.RequestID = next.Effective, next.RequestID
	return reflect.DeepEqual(&was, next)
}
