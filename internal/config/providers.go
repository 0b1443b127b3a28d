package config

import (
	"fmt"

	"pintail/internal/clock"
	"pintail/internal/idp"
)

// Providers says how the identity providers of other people are reached, whose tokens
// identity pools take.
type Providers struct {
	ProviderHosts []string `help:"Host names, addresses and networks that are not public, where identity providers may be all the same." env:"PINTAIL_PROVIDER_HOSTS" placeholder:"HOST"`
	// StandIns take the place of the well-known providers, in tests.
	StandIns idp.Config `kong:"-"`
}

func (p *Providers) validate() []error {
	v, err := idp.New(p.Reach(nil))
	if err != nil {
		return []error{fmt.Errorf("--provider-hosts: %w", err)}
	}
	v.Close()
	return nil
}

// Reach is the configuration of package idp.
func (p *Providers) Reach(now *clock.Clock) idp.Config {
	c := p.StandIns
	c.Clock = now
	c.Fetch.Allow = append(c.Fetch.Allow, p.ProviderHosts...)
	return c
}
