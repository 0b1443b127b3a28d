package regions_test

import (
	"slices"
	"strings"
	"testing"

	"pintail/internal/userpool/regions"
)

// The published table, a line per region of user pools, as it reads.
const published = `
ap-northeast-1: us-east-1
ap-northeast-2: us-east-1
ap-south-1: us-east-1, ap-south-1
ap-southeast-1: us-east-1
ap-southeast-2: us-east-1, ap-southeast-2
ca-central-1: us-east-1
eu-central-1: us-east-1, eu-central-1
eu-west-1: us-east-1, eu-west-1
eu-west-2: us-east-1
us-east-1: us-east-1
us-east-2: us-east-1
us-west-2: us-east-1, us-west-2
`

// The published list of regions without analytics: Milan, Bahrain, Osaka, Tel Aviv, Cape
// Town, Jakarta, and in its newer editions Malaysia.
var unavailable = []string{"eu-south-1", "me-south-1", "ap-northeast-3", "il-central-1", "af-south-1", "ap-southeast-3", "ap-southeast-5"}

func TestPublishedTable(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(published), "\n")
	for _, line := range lines {
		region, projects, _ := strings.Cut(line, ": ")
		want := strings.Split(projects, ", ")
		c := regions.Of(region)
		if c.Region != region || !c.Reports() || !slices.Equal(c.ByARN, want) || c.ByID != "us-east-1" {
			t.Errorf("%s: %+v, want %v", region, c, want)
		}
		for _, project := range []string{"us-east-1", region, "eu-north-1", ""} {
			if got := c.AllowsARN(project); got != slices.Contains(want, project) {
				t.Errorf("a pool in %s and a project in %q: %v", region, project, got)
			}
		}
		if nearest := c.Nearest(); nearest != want[len(want)-1] {
			t.Errorf("%s: make projects in %s", region, nearest)
		}
	}
	all := regions.All()
	if len(all) != len(lines)+len(unavailable) {
		t.Errorf("%d regions have a rule", len(all))
	}
	if !slices.IsSortedFunc(all, func(a, b regions.Choice) int { return strings.Compare(a.Region, b.Region) }) {
		t.Error("the regions are not in order")
	}
}

func TestRegionsWithoutAnalytics(t *testing.T) {
	for _, region := range unavailable {
		if c := regions.Of(region); c.Reports() || len(c.ByARN) > 0 || c.Nearest() != "" || c.AllowsARN("us-east-1") || c.AllowsARN(region) {
			t.Errorf("%+v", c)
		}
	}
}

// A region that has no rule, be it AWS's or the server's own, keeps to itself.
func TestOtherRegions(t *testing.T) {
	for _, region := range []string{"eu-north-1", "sa-east-1", "us-gov-west-1", "home-1"} {
		c := regions.Of(region)
		if !slices.Equal(c.ByARN, []string{region}) || c.ByID != region || c.Nearest() != region || c.AllowsARN("us-east-1") {
			t.Errorf("%+v", c)
		}
	}
}
