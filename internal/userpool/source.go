package userpool

import (
	"pintail/internal/wire"
)

// Codes are limited per user (see attempts) and per source: an address from which
// somebody makes the server send codes to many people, or tries codes of many
// people, has to wait for the hour to end. So are reports that are made in nobody's name,
// each of which can make an endpoint. The counts are this process's own.

// reportsPerCode is how many reports in nobody's name an address can cause where it can cause
// one code. They cost less, and an honest one is often followed by another.
const reportsPerCode = 10

// allowSource counts a call that sends a code, or that got one wrong, against where
// it came from.
func (s *Service) allowSource(c *wire.Call, p *pool) error {
	if s.fromSource(c, p, "codes", s.perSource) {
		return nil
	}
	return errRate()
}

// fromSource counts a call of a kind against where it came from, and tells whether it is
// within the limit.
func (s *Service) fromSource(c *wire.Call, p *pool, kind string, limit int) (within bool) {
	if s.perSource <= 0 || c.SourceIP == "" || c.Caller != nil { // an administrator's call is not a stranger's
		return true
	}
	s.sources.use(p.Id+"/"+c.SourceIP, c.Time, func(a *attempts) { within = a.allow(kind, limit, c.Time) == nil })
	return within
}
