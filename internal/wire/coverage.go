package wire

import (
	"fmt"
	"strings"
)

// Coverage writes the page that lists every operation of every service and
// whether a room answers it (docs/coverage.md).
func (rt *Router) Coverage() string {
	var b strings.Builder
	b.WriteString("# Coverage\n\nGenerated from the operation tables by `make coverage`; do not edit. An operation that is not built answers\n" +
		"`UnsupportedOperationException` (Query services: `UnsupportedOperation`).\n\n| service | built | not built | total |\n|---|---:|---:|---:|\n")
	for _, s := range rt.services {
		built := 0
		for _, op := range s.Operations {
			if rt.Built(op) {
				built++
			}
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d | %d |\n", s.ID, s.ID, built, len(s.Operations)-built, len(s.Operations))
	}
	for _, s := range rt.services {
		fmt.Fprintf(&b, "\n## %s\n\n%s, version %s, %s protocol, signed as `%s`.\n\n| operation | state | who may call it | IAM action |\n|---|---|---|---|\n",
			s.ID, s.Name, s.APIVersion, s.Protocol, s.SigningName)
		for _, op := range s.Operations {
			state := "not built"
			if rt.Built(op) {
				state = "**built**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | `%s` |\n", op.Name, state, op.Auth, op.Action)
		}
	}
	return b.String()
}
