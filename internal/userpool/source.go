package userpool

import (
	"pintail/internal/wire"
)

// Codes are limited per user (see attempts) and per source: an address from which
// somebody makes the server send codes to many people, or tries codes of many
// people, has to wait for the hour to end. The counts are this process's own.

// allowSource counts a call that sends a code, or that got one wrong, against where
// it came from.
func (s *Service) allowSource(c *wire.Call, p *pool) (err error) {
	if s.perSource <= 0 || c.SourceIP == "" || c.Caller != nil { // an administrator's call is not a stranger's
		return nil
	}
	s.sources.use(p.Id+"/"+c.SourceIP, c.Time, func(a *attempts) { err = a.allow("codes", s.perSource, c.Time) })
	if err != nil {
		return errRate()
	}
	return nil
}
