package cli

import (
	"fmt"
	"regexp"
	"strings"

	"pintail/internal/userpool/regions"
)

type regionsCmd struct {
	Region string `arg:"" optional:"" help:"The region of the user pool; all regions that have a rule of their own, without it."`
}

var regionName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// Run prints where the Pinpoint projects can be to which user pools report. It needs no
// server.
func (c *regionsCmd) Run(s *streams) error {
	choices := regions.All()
	if c.Region != "" {
		if !regionName.MatchString(c.Region) {
			return fmt.Errorf("%q is not the name of a region, such as eu-west-2", c.Region)
		}
		choices = []regions.Choice{regions.Of(c.Region)}
	}
	lines := []string{fmt.Sprintf("%-16s %-26s %s", "USER POOL", "BY ApplicationArn", "BY ApplicationId")}
	for _, choice := range choices {
		byARN, byID := strings.Join(choice.ByARN, ", "), choice.ByID
		if !choice.Reports() {
			byARN, byID = "no analytics", "no analytics"
		}
		lines = append(lines, fmt.Sprintf("%-16s %-26s %s", choice.Region, byARN, byID))
	}
	if c.Region == "" {
		lines = append(lines, "", "User pools of any other region report to projects of their own region.")
	}
	_, err := fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}
