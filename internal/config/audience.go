package config

import (
	"fmt"

	"pintail/internal/audience"
)

// Audience says how Pinpoint's endpoints are kept.
type Audience struct {
	EndpointsPerUser int `help:"How many endpoints a user of a Pinpoint app may have, at most 1000. 0 is the limit of Pinpoint, 15." default:"15" env:"PINTAIL_ENDPOINTS_PER_USER" placeholder:"N"`
}

func (a *Audience) validate() []error {
	if n := a.EndpointsPerUser; n < 0 || n > audience.MaxEndpointsPerUser {
		return []error{fmt.Errorf("--endpoints-per-user %d is not between 0 and %d", n, audience.MaxEndpointsPerUser)}
	}
	return nil
}
