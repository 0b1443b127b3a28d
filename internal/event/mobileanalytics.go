package event

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"pintail/internal/audience"
	"pintail/internal/gen/mobileanalytics"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/keys/ids"
	"pintail/internal/wire"
)

// maxMobileEvents is more than fit into the 512 KB batches of Mobile
// Analytics' clients; the service had no published limit.
const maxMobileEvents = 4000

// clientContext is the x-amz-Client-Context header of Mobile Analytics: who
// reports, from where, to which project.
type clientContext struct {
	Client struct {
		ID          string `json:"client_id"`
		Title       string `json:"app_title"`
		VersionName string `json:"app_version_name"`
		VersionCode string `json:"app_version_code"`
		PackageName string `json:"app_package_name"`
	} `json:"client"`
	Env struct {
		Platform        string `json:"platform"`
		PlatformVersion string `json:"platform_version"`
		Make            string `json:"make"`
		Model           string `json:"model"`
		Locale          string `json:"locale"`
	} `json:"env"`
	Services struct {
		MobileAnalytics struct {
			AppID      string `json:"app_id"`
			SDKName    string `json:"sdk_name"`
			SDKVersion string `json:"sdk_version"`
		} `json:"mobile_analytics"`
	} `json:"services"`
}

// readClientContext reads the header, plain or in base64.
func readClientContext(text, encoding string) (*clientContext, error) {
	raw := []byte(text)
	switch strings.ToLower(encoding) {
	case "":
	case "base64":
		var err error
		if raw, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, badMobile("The client context is not base64.")
		}
	default:
		return nil, badMobile("The client context's encoding must be base64 or absent.")
	}
	cc := new(clientContext)
	if err := json.Unmarshal(raw, cc); err != nil {
		return nil, badMobile("The client context is not JSON of the expected form.")
	}
	if cc.Services.MobileAnalytics.AppID == "" || cc.Client.ID == "" {
		return nil, badMobile("The client context must name services.mobile_analytics.app_id and client.client_id.")
	}
	return cc, nil
}

func badMobile(message string) error { return mobileanalytics.BadRequestException.New(message) }

// endpoint is the report that the context is about its client.
func (cc *clientContext) endpoint() audience.Report {
	return audience.Report{EndpointID: cc.Client.ID, Block: &pinpoint.PublicEndpoint{
		Demographic: &pinpoint.EndpointDemographic{
			AppVersion: cc.Client.VersionName, Locale: cc.Env.Locale, Make: cc.Env.Make, Model: cc.Env.Model,
			Platform: cc.Env.Platform, PlatformVersion: cc.Env.PlatformVersion,
		},
	}}
}

// putMobileEvents implements PutEvents of Mobile Analytics, Pinpoint's
// predecessor: events of one endpoint, which are taken all or none. Its rules
// are those of its own model, in which a value may be longer than Pinpoint's.
func (s *Service) putMobileEvents(ctx context.Context, c *wire.Call, in *mobileanalytics.PutEventsInput) (*model.Empty, error) {
	cc, err := readClientContext(in.ClientContext, in.ClientContextEncoding)
	if err != nil {
		return nil, err
	}
	if len(in.Events) > maxMobileEvents {
		return nil, badMobile("A request has at most 4000 events.")
	}
	record := newRecord(c, cc.Services.MobileAnalytics.AppID, len(in.Events))
	when := make([]moments, len(in.Events))
	for i := range in.Events {
		if when[i], err = mobileMoments(&in.Events[i]); err != nil {
			return nil, err
		}
	}
	arrivals, err := s.audience.Arrive(ctx, c, cc.Services.MobileAnalytics.AppID, []audience.Report{cc.endpoint()})
	var refused *model.Error
	switch {
	case errors.As(err, &refused):
		return nil, badMobile(refused.Message)
	case err != nil:
		return nil, err
	case arrivals[0].Refused != nil:
		return nil, badMobile(arrivals[0].Refused.Message)
	}
	record.begin(cc.Client.ID, arrivals[0].Seen)
	for i := range in.Events {
		record.add(ids.UUID(), cc.event(&in.Events[i]), when[i])
	}
	return nil, record.append(ctx, s.store)
}

// mobileMoments reads the times of an event. A session's are optional here.
func mobileMoments(e *mobileanalytics.Event) (m moments, err error) {
	if m.at, err = audience.ParseTime(e.Timestamp); err != nil {
		return m, badMobile("An event's timestamp is not an ISO 8601 date.")
	}
	if e.Session == nil {
		return m, nil
	}
	if m.start, err = optionalTime(e.Session.StartTimestamp); err == nil {
		m.stop, err = optionalTime(e.Session.StopTimestamp)
	}
	if err != nil {
		return m, badMobile("A session's timestamp is not an ISO 8601 date.")
	}
	return m, nil
}

func optionalTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return audience.ParseTime(text)
}

// event is a Mobile Analytics event as Pinpoint's clients would send it.
func (cc *clientContext) event(e *mobileanalytics.Event) *pinpoint.Event {
	out := &pinpoint.Event{
		EventType: e.EventType, Attributes: e.Attributes, Metrics: e.Metrics,
		AppPackageName: cc.Client.PackageName, AppTitle: cc.Client.Title, AppVersionCode: cc.Client.VersionCode,
		SdkName: cc.Services.MobileAnalytics.SDKName, ClientSdkVersion: cc.Services.MobileAnalytics.SDKVersion,
	}
	if s := e.Session; s != nil {
		out.Session = &pinpoint.Session{Id: s.Id}
		if s.Duration != nil {
			out.Session.Duration = new(int32(min(max(*s.Duration, 0), 1<<31-1)))
		}
	}
	return out
}
