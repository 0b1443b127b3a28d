package userpool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/wire"
)

// App clients report what people do to a Pinpoint project: who is at which endpoint, that
// they signed up or in, that they could not (Cognito developer guide, "Using Amazon Pinpoint
// for user pool analytics"). A call that names an endpoint in AnalyticsMetadata is reported
// once it is done, in the background; nothing that goes wrong there concerns it.

// Types of the events, as Pinpoint's charts know them.
const (
	eventSignUp   = "_userauth.sign_up"
	eventSignIn   = "_userauth.sign_in"
	eventAuthFail = "_userauth.auth_fail"
)

// Analytics is Pinpoint, as user pools see it.
type Analytics interface {
	// ProjectARN returns the ARN of a project of the account, "" where there is none.
	ProjectARN(ctx context.Context, id string) (string, error)
	// Trusts returns an error that says why, unless user pools can take the role.
	Trusts(ctx context.Context, by ReportRole) error
	// Record makes reports durable, by a role that has to allow each. There is one outcome
	// for each report, nil for what was recorded: an [*UnreportedError] where the role or the
	// project does not take it, else what failed.
	Record(ctx context.Context, by ReportRole, projectARN string, reports []Report) []error
	// Keep makes a project have an address, by a role that has to allow it. The error may be
	// an [*UnreportedError].
	Keep(ctx context.Context, by ReportRole, projectARN string, a Address) error
	// Suspend keeps a project from using the address that it has under an id, unless it is
	// the given one; Remove takes it away. Neither fails where the project or the address is
	// gone, and neither asks a role: what was shared is no longer the user's.
	Suspend(ctx context.Context, projectID, id, unless string) error
	Remove(ctx context.Context, projectID, id string) error
}

// ReportRole is the role by which a client reports, and for which pool.
type ReportRole struct {
	ARN, ExternalID string
	Pool, Region    string // the pool's ARN and region
}

// Report says that somebody was at an endpoint, and what happened there.
type Report struct {
	EndpointID string
	Sub        string // the user's, where the call has proved who it is
	Type       string // of the event, "" for none
	Time       time.Time
	Attributes map[string]string // of the event
}

// UnreportedError says why a role or a project does not take a report, now or ever.
type UnreportedError struct{ Reason string }

func (e *UnreportedError) Error() string { return e.Reason }

// reports tells whether the client reports to a project.
func (cl *client) reports() bool { return cl != nil && cl.project != "" }

// report takes a call that was done to the client's project, if it names an endpoint. u is
// the user that the call has proved to be by, nil for a call that anybody can make: it must
// not bind an endpoint to a user, nor show that there is one. Without a type there is no
// event.
func (s *Service) report(c *wire.Call, p *pool, cl *client, m *cognitoidp.AnalyticsMetadataType, u *user, event string) {
	s.queueReport(c, p, cl, m, u, queuedReport{report: Report{Type: event}})
}

// queueReport is report, with more that is known.
func (s *Service) queueReport(c *wire.Call, p *pool, cl *client, m *cognitoidp.AnalyticsMetadataType, u *user, q queuedReport) {
	if !cl.reports() || s.analytics == nil || u.federated() {
		return
	}
	q.pool, q.client = p, cl
	r := &q.report
	if r.EndpointID = orEmpty(m).AnalyticsEndpointId; r.EndpointID == "" && q.share == "" {
		return
	}
	if len(r.EndpointID) > maxEndpointID {
		s.unreported(&q, outcomeRefused, errEndpointID)
		return
	}
	if u == nil && !s.fromSource(c, p, "reports", reportsPerCode*s.perSource) {
		s.unreported(&q, outcomeDropped, errSource)
		return
	}
	r.Time = c.Time
	if u != nil {
		r.Sub = u.Sub
	}
	if r.Type != "" {
		if r.Attributes == nil {
			r.Attributes = make(map[string]string, 2)
		}
		r.Attributes["user_pool_id"], r.Attributes["client_id"] = p.Id, cl.ClientId
	}
	if !s.reportsQueue.add(q) {
		s.unreported(&q, outcomeDropped, errTooMany)
	}
}

// federated tells whether the user comes from another identity provider. Only local users
// are reported.
func (u *user) federated() bool {
	return u != nil && u.Status == cognitoidp.UserStatusTypeExternalProvider
}

// reportOutcome takes what became of one request of a sign-in to the client's project: who
// is in, or that somebody is not. A sign-in is one event, however many requests it took; so
// is each refusal.
func (a *attempt) reportOutcome(m *cognitoidp.AnalyticsMetadataType, out *answer, err error) {
	if !a.client.reports() {
		return
	}
	q := queuedReport{report: Report{Attributes: map[string]string{}}}
	if flow := a.now.Flow; flow != "" {
		q.report.Attributes["auth_flow"] = string(flow)
	}
	refresh := a.now.Flow == cognitoidp.AuthFlowTypeRefreshTokenAuth || a.now.Flow == cognitoidp.AuthFlowTypeRefreshToken
	var who *user
	switch {
	case err != nil:
		reason, denied := isDenial(err)
		if refresh || !denied {
			return
		}
		if q.report.Type = eventAuthFail; len(a.now.Name) <= maxName {
			q.name = a.now.Name
		}
		q.report.Attributes["reason"] = reason
	case out.AuthenticationResult != nil:
		if who = a.who; !refresh {
			q.report.Type = eventSignIn
			if a.client.shares() {
				q.share = who.Sub
			}
		}
	}
	a.queueReport(a.call, a.pool, a.client, m, who, q)
}

// denials are the refusals that keep somebody out; others find fault with the request.
var denials = []*model.ErrorType{
	cognitoidp.NotAuthorizedException, cognitoidp.UserNotFoundException, cognitoidp.UserNotConfirmedException,
	cognitoidp.PasswordResetRequiredException, cognitoidp.CodeMismatchException, cognitoidp.ExpiredCodeException,
	cognitoidp.UserLambdaValidationException,
}

// isDenial tells whether an answer keeps somebody out, and its code.
func isDenial(err error) (code string, denied bool) {
	refusal, ok := errors.AsType[*model.Error](err)
	if !ok {
		return "", false
	}
	for _, d := range denials {
		if refusal.Type == d {
			return d.Code, true
		}
	}
	return "", false
}
