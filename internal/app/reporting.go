package app

import (
	"context"
	"errors"
	"strings"

	"pintail/internal/access"
	"pintail/internal/audience"
	"pintail/internal/clock"
	"pintail/internal/event"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/keys/ids"
	"pintail/internal/userpool"
	"pintail/internal/wire"
)

// reporting is where user pools meet Pinpoint: a report is held against the policies of the
// role that it comes by, and then goes the way of every event and endpoint. It is a
// [userpool.Analytics].
type reporting struct {
	access   *access.Service
	audience *audience.Service
	event    *event.Service
	clock    *clock.Clock
}

// Actions that a role must allow for reports (Cognito developer guide, "Using Amazon
// Pinpoint for user pool analytics").
const (
	updateEndpoint = "mobiletargeting:UpdateEndpoint"
	putEvents      = "mobiletargeting:PutEvents"
)

// ProjectARN implements userpool.Analytics.
func (r *reporting) ProjectARN(ctx context.Context, id string) (string, error) {
	return r.audience.ProjectARN(ctx, id)
}

// Trusts implements userpool.Analytics.
func (r *reporting) Trusts(ctx context.Context, by userpool.ReportRole) error {
	return r.access.Trusts(ctx, serviceCall(by))
}

func serviceCall(by userpool.ReportRole) access.ServiceCall {
	return access.ServiceCall{
		Service: "cognito-idp.amazonaws.com", RoleARN: by.ARN, ExternalID: by.ExternalID, SourceARN: by.Pool, Region: by.Region,
		Session: "CognitoUserPools",
	}
}

// may returns why the role does not allow an action, as an UnreportedError.
func (r *reporting) may(ctx context.Context, by userpool.ReportRole, action, resource string) error {
	err := r.access.Permits(ctx, serviceCall(by), action, resource)
	if errors.Is(err, access.ErrNotTrusted) || errors.Is(err, access.ErrForbidden) {
		return &userpool.UnreportedError{Reason: err.Error()}
	}
	return err
}

// Record implements userpool.Analytics.
func (r *reporting) Record(ctx context.Context, by userpool.ReportRole, project string, reports []userpool.Report) []error {
	outcomes := make([]error, len(reports))
	var taken []int // indices of the reports that the role allows
	var all []event.Occurrence
	for i := range reports {
		if outcomes[i] = r.mayRecord(ctx, by, project, &reports[i]); outcomes[i] == nil {
			taken = append(taken, i)
			all = append(all, occurrence(&reports[i]))
		}
	}
	if len(all) == 0 {
		return outcomes
	}
	refused, err := r.event.Record(ctx, r.clock.Now(), appID(project), all)
	for n, i := range taken {
		if outcomes[i] = unreported(err); err == nil && refused[n] != nil {
			outcomes[i] = unreported(refused[n])
		}
	}
	return outcomes
}

func (r *reporting) mayRecord(ctx context.Context, by userpool.ReportRole, project string, report *userpool.Report) error {
	err := r.may(ctx, by, updateEndpoint, project+"/endpoints/"+report.EndpointID)
	if err == nil && report.Type != "" {
		err = r.may(ctx, by, putEvents, project+"/events")
	}
	return err
}

// appID is the project's id, which ends its ARN.
func appID(project string) string { return project[strings.LastIndexByte(project, '/')+1:] }

func occurrence(r *userpool.Report) event.Occurrence {
	return event.Occurrence{EndpointID: r.EndpointID, UserID: r.Sub, Type: r.Type, Time: r.Time, Attributes: r.Attributes}
}

// Keep implements userpool.Analytics.
func (r *reporting) Keep(ctx context.Context, by userpool.ReportRole, project string, a userpool.Address) error {
	if err := r.may(ctx, by, updateEndpoint, project+"/endpoints/"+a.ID); err != nil {
		return err
	}
	c := &wire.Call{Time: r.clock.Now(), RequestID: ids.UUID()}
	contact := audience.Contact{EndpointID: a.ID, UserID: a.Sub, ChannelType: pinpoint.ChannelType(a.Channel), Address: a.Value}
	return unreported(r.audience.KeepContact(ctx, c, appID(project), contact, audience.Keeping{Create: a.Create, Revive: a.Revive}))
}

// Suspend implements userpool.Analytics.
func (r *reporting) Suspend(ctx context.Context, project, id, unless string) error {
	return unlessGone(r.audience.SuspendContact(ctx, project, id, unless))
}

// Remove implements userpool.Analytics.
func (r *reporting) Remove(ctx context.Context, project, id string) error {
	return unlessGone(r.audience.RemoveContact(ctx, project, id))
}

// unreported turns a refusal of Pinpoint's into an UnreportedError.
func unreported(err error) error {
	if errors.Is(err, pinpoint.NotFoundException.New("")) || errors.Is(err, pinpoint.BadRequestException.New("")) {
		return &userpool.UnreportedError{Reason: err.Error()}
	}
	return err
}

// unlessGone lets an error through that does not say that the project is gone.
func unlessGone(err error) error {
	if errors.Is(err, pinpoint.NotFoundException.New("")) {
		return nil
	}
	return err
}
