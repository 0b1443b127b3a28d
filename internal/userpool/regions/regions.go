// Package regions knows to which Pinpoint regions the app clients of a user pool can
// report. It is pure: a table, and the rule for the regions that are not in it (Cognito
// developer guide, "Amazon Cognito and Amazon Pinpoint Region availability").
package regions

import "slices"

// Main is the region of Pinpoint that most user pools report to.
const Main = "us-east-1"

// Choice is where the projects can be to which the user pools of a region report.
type Choice struct {
	Region string // of the user pools
	// ByARN are the regions of projects that are named by ApplicationArn: none where user
	// pools cannot report at all. The user pools' own region comes last.
	ByARN []string
	// ByID is the one region of projects that are named by ApplicationId, which says no
	// region; "" where user pools cannot report at all.
	ByID string
}

// mapped are the regions from which user pools report to another region, and whether they
// may report to their own too.
var mapped = map[string]bool{
	"ap-northeast-1": false,
	"ap-northeast-2": false,
	"ap-south-1":     true,
	"ap-southeast-1": false,
	"ap-southeast-2": true,
	"ca-central-1":   false,
	"eu-central-1":   true,
	"eu-west-1":      true,
	"eu-west-2":      false,
	"us-east-1":      true, // both are the same
	"us-east-2":      false,
	"us-west-2":      true,
}

// without are the regions in which user pools have no analytics: Milan, Bahrain, Osaka,
// Tel Aviv, Cape Town, Jakarta and Malaysia.
var without = []string{"af-south-1", "ap-northeast-3", "ap-southeast-3", "ap-southeast-5", "eu-south-1", "il-central-1", "me-south-1"}

// Of returns the choice of a region. User pools of a region that has no rule report to
// projects of their own region.
func Of(region string) Choice {
	c := Choice{Region: region}
	own, isMapped := mapped[region]
	switch {
	case slices.Contains(without, region):
		return c
	case !isMapped:
		c.ByARN, c.ByID = []string{region}, region
		return c
	}
	c.ByARN, c.ByID = []string{Main}, Main
	if own && region != Main {
		c.ByARN = append(c.ByARN, region)
	}
	return c
}

// All returns the choices of the regions that have a rule of their own, in their order.
func All() []Choice {
	names := slices.Clone(without)
	for region := range mapped {
		names = append(names, region)
	}
	slices.Sort(names)
	all := make([]Choice, len(names))
	for i, region := range names {
		all[i] = Of(region)
	}
	return all
}

// Reports tells whether user pools of the region can report at all.
func (c Choice) Reports() bool { return c.ByID != "" }

// AllowsARN tells whether the project that an ApplicationArn names can be in a region.
func (c Choice) AllowsARN(project string) bool { return slices.Contains(c.ByARN, project) }

// Nearest is the region in which to make a project: the user pools' own, if they may report
// there; "" where they cannot report at all.
func (c Choice) Nearest() string {
	if len(c.ByARN) == 0 {
		return ""
	}
	return c.ByARN[len(c.ByARN)-1]
}
