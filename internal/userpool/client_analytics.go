package userpool

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/regions"
	"pintail/internal/wire"
)

// An app client can report to a Pinpoint project. Named by its ARN, the reports go by
// the service-linked role of user pools; named by its id, by a role of the owner's
// (Cognito API reference, AnalyticsConfigurationType).

// maxShared is how many projects are remembered of a pool, to which addresses of its users
// may have gone.
const maxShared = 200

var applicationARN = regexp.MustCompile(`^arn:aws:mobiletargeting:([a-z0-9-]+):[0-9]{12}:apps/([0-9a-zA-Z]+)$`)

// checkAnalytics takes a project by its ARN, or by its id with the role that may write to
// it, where user pools of the region can report to it. What is shown of the first form,
// with the role of user pools, is taken too.
func checkAnalytics(a *cognitoidp.AnalyticsConfigurationType, region string) error {
	if a == nil {
		return nil
	}
	choice := regions.Of(region)
	switch {
	case a.ApplicationArn == "" && (a.ApplicationId == "" || a.RoleArn == "" || a.ExternalId == ""):
		return invalid("AnalyticsConfiguration needs either ApplicationArn, or ApplicationId, RoleArn and ExternalId.")
	case !choice.Reports():
		return invalid("User pools in %s cannot report to Amazon Pinpoint, which is not available there.", region)
	case a.ApplicationArn == "":
		return nil
	case a.ApplicationId != "" || a.ExternalId != "" || a.RoleArn != "" && !strings.Contains(a.RoleArn, ":role/aws-service-role/"):
		return invalid("ApplicationArn cannot be combined with ApplicationId, RoleArn or ExternalId.")
	}
	parts := applicationARN.FindStringSubmatch(a.ApplicationArn)
	switch {
	case parts == nil:
		return invalid("ApplicationArn is not the ARN of a Pinpoint application.")
	case !choice.AllowsARN(parts[1]):
		return invalid("User pools in %s can report to Pinpoint projects in %s, and ApplicationArn names one in %s.", region, strings.Join(choice.ByARN, " or "), parts[1])
	}
	return nil
}

// poolRegion is the region of a pool's id.
func poolRegion(id string) string {
	region, _, _ := strings.Cut(id, "_")
	return region
}

// mayReport returns the ARN of the project that a client is to report to, "" for none. It
// refuses a project that is not there, a role that does not trust user pools, and a caller
// who cannot let the client report.
func (s *Service) mayReport(ctx context.Context, c *wire.Call, poolID string, a *cognitoidp.AnalyticsConfigurationType) (project string, err error) {
	if a == nil || s.analytics == nil {
		return "", nil
	}
	if err := checkAnalytics(a, poolRegion(poolID)); err != nil {
		return "", err
	}
	if a.ApplicationArn == "" {
		return s.mayReportByID(ctx, c, poolID, a)
	}
	if err := s.roles.MayLink(ctx, c); err != nil {
		return "", err
	}
	project = a.ApplicationArn
	found, err := s.analytics.ProjectARN(ctx, projectID(project))
	if err == nil && found != project {
		err = invalid("The Pinpoint project %s does not exist.", project)
	}
	return project, err
}

// mayReportByID is mayReport for a project that is named by its id.
func (s *Service) mayReportByID(ctx context.Context, c *wire.Call, poolID string, a *cognitoidp.AnalyticsConfigurationType) (project string, err error) {
	if err := s.roles.MayPass(ctx, c, a.RoleArn); err != nil {
		return "", err
	}
	if project, err = s.analytics.ProjectARN(ctx, a.ApplicationId); err != nil {
		return "", err
	}
	region := poolRegion(poolID)
	choice := regions.Of(region)
	parts := applicationARN.FindStringSubmatch(project)
	switch {
	case parts == nil:
		return "", invalid("The Pinpoint project %s does not exist.", a.ApplicationId)
	case parts[1] != choice.ByID && choice.AllowsARN(parts[1]):
		return "", invalid("The Pinpoint project %s is in %s. User pools in %s report to it by ApplicationArn only.", a.ApplicationId, parts[1], region)
	case parts[1] != choice.ByID:
		return "", invalid("User pools in %s can report to Pinpoint projects in %s, and %s is in %s.", region, strings.Join(choice.ByARN, " or "), a.ApplicationId, parts[1])
	}
	by := s.reportRole(poolID, a)
	if err := s.analytics.Trusts(ctx, by); err != nil {
		c.Note("reason", err.Error())
		return "", invalid("The role %s does not exist, or does not trust cognito-idp.amazonaws.com with this ExternalId.", a.RoleArn)
	}
	return project, nil
}

// projectID is the last part of a project's ARN.
func projectID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// reportRole says by which role a client of a pool reports.
func (s *Service) reportRole(poolID string, a *cognitoidp.AnalyticsConfigurationType) ReportRole {
	region := poolRegion(poolID)
	return ReportRole{
		ARN: a.RoleArn, ExternalID: a.ExternalId, Region: region,
		Pool: "arn:aws:cognito-idp:" + region + ":" + s.account + ":userpool/" + poolID,
	}
}

// configureReports gives a client the project that it reports to and the role by which it
// does, and lets the pool remember with whom it shares addresses.
func (s *Service) configureReports(tx store.Tx, c *wire.Call, r *clientRecord, project string) error {
	r.Project = project
	a := r.Settings.AnalyticsConfiguration
	if a == nil {
		return nil
	}
	if a.ApplicationArn != "" && s.roles != nil {
		kept := *a
		var err error
		if kept.RoleArn, err = s.roles.Link(tx, c, a.ApplicationArn); err != nil {
			return err
		}
		r.Settings.AnalyticsConfiguration = &kept
	}
	if project == "" || !isTrue(a.UserDataShared) {
		return nil
	}
	return s.rememberSharing(tx, r.Settings.UserPoolId, projectID(project))
}

// rememberSharing adds a project to those from which the addresses of users who leave have
// to be taken back, whoever reports to it by then.
func (s *Service) rememberSharing(tx store.Tx, poolID, project string) error {
	_, err := pools.Modify(tx, s.account, poolID, func(r *poolRecord) error {
		if slices.Contains(r.SharedWith, project) {
			return nil
		}
		r.SharedWith = append(r.SharedWith, project)
		if extra := len(r.SharedWith) - maxShared; extra > 0 {
			r.SharedWith = r.SharedWith[extra:]
		}
		return nil
	})
	tx.AfterCommit(func() { s.pools.Forget(poolID) })
	return err
}
