package userpool

import (
	"context"
	"regexp"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// An app client can report to a Pinpoint application. Named by its ARN, the reports go by
// the service-linked role of user pools; named by its id, by a role of the owner's
// (Cognito API reference, AnalyticsConfigurationType).

// checkAnalytics takes an application by its ARN, or by its id with the role that may
// write to it. What is shown of the first form, with the role of user pools, is taken too.
func checkAnalytics(a *cognitoidp.AnalyticsConfigurationType) error {
	switch {
	case a == nil:
		return nil
	case a.ApplicationArn == "" && (a.ApplicationId == "" || a.RoleArn == "" || a.ExternalId == ""):
		return invalid("AnalyticsConfiguration needs either ApplicationArn, or ApplicationId, RoleArn and ExternalId.")
	case a.ApplicationArn == "":
		return nil
	case a.ApplicationId != "" || a.ExternalId != "" || a.RoleArn != "" && !strings.Contains(a.RoleArn, ":role/aws-service-role/"):
		return invalid("ApplicationArn cannot be combined with ApplicationId, RoleArn or ExternalId.")
	case !applicationARN.MatchString(a.ApplicationArn):
		return invalid("ApplicationArn is not the ARN of a Pinpoint application.")
	}
	return nil
}

var applicationARN = regexp.MustCompile(`^arn:aws:mobiletargeting:[a-z0-9-]+:[0-9]{12}:apps/[0-9a-zA-Z]+$`)

// mayReport refuses a caller who cannot let the client report.
func (s *Service) mayReport(ctx context.Context, c *wire.Call, a *cognitoidp.AnalyticsConfigurationType) error {
	if a == nil || a.ApplicationArn == "" || s.roles == nil {
		return nil
	}
	if err := checkAnalytics(a); err != nil {
		return err
	}
	return s.roles.MayLink(ctx, c)
}

// reporting is the configuration as it is kept and shown, with the role by which it
// reports.
func (s *Service) reporting(tx store.Tx, c *wire.Call, a *cognitoidp.AnalyticsConfigurationType) (*cognitoidp.AnalyticsConfigurationType, error) {
	if a == nil || a.ApplicationArn == "" || s.roles == nil {
		return a, nil
	}
	kept := *a
	var err error
	kept.RoleArn, err = s.roles.Link(tx, c, a.ApplicationArn)
	return &kept, err
}
