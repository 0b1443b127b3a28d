package policy

import (
	"fmt"
	"strings"
)

// validate applies IAM's checks in IAM's order; the first failure is the answer
// for the whole document, whichever statement it is in.
func (d *rawDocument) validate(kind Kind) error {
	if kind == Managed && d.version != version2012 {
		return malformed(msgVersion, "Version is %q", d.version)
	}
	checks := []func(*rawStatement) *MalformedError{
		checkLegacy, checkLegacyResources,
		d.checkSid(kind),
		checkHasActions, checkHasResources(kind),
		checkResources, checkActions,
	}
	switch kind {
	case Trust:
		checks = append(checks, checkTrust, checkTrustActions, checkPrincipals, checkTrustLimited)
	case Resource:
		checks = append(checks, checkPrincipals)
	default:
		checks = append(checks, checkNoPrincipal)
	}
	for _, check := range checks {
		for i := range d.statements {
			if err := check(&d.statements[i]); err != nil {
				err.Detail = statementDetail(i, err.Detail)
				return err
			}
		}
	}
	return nil
}

func statementDetail(i int, detail string) string {
	at := fmt.Sprintf("statement %d", i+1)
	if detail == "" {
		return at
	}
	return at + ": " + detail
}

// checkLegacy holds what IAM's older parser insists on beyond the syntax.
func checkLegacy(s *rawStatement) *MalformedError {
	if s.effect != "Allow" && s.effect != "Deny" {
		return malformed(msgLegacy, "Effect is case-sensitive")
	}
	for _, c := range s.conditions {
		if c.operator.family != dateFamily {
			continue
		}
		for _, v := range c.values {
			if _, ok := parseInstant(v); !ok {
				return malformed(msgLegacy, "%q is not a date", v)
			}
		}
	}
	return nil
}

// checkLegacyResources refuses ARNs of the wrong shape. A statement with a
// resource that has a message of its own is left to checkResources.
func checkLegacyResources(s *rawStatement) *MalformedError {
	for _, r := range s.resource.values {
		if resourceProblem(r) != "" {
			return nil
		}
	}
	for _, r := range s.resource.values {
		short := strings.Count(r, ":") < 5 && strings.Contains(r, "::")
		if r != "*" && (short || strings.Split(r, ":")[2] == "") {
			return malformed(msgLegacy, "resource %q is not an ARN", r)
		}
	}
	return nil
}

// checkSid returns the check that Sids are unique and, in IAM's own policies,
// alphanumeric. The empty Sid of generated policies counts as none.
func (d *rawDocument) checkSid(kind Kind) func(*rawStatement) *MalformedError {
	seen := make(map[string]bool)
	return func(s *rawStatement) *MalformedError {
		if s.sid == "" {
			return nil
		}
		if seen[s.sid] {
			return malformed(msgSidUnique, "Sid %q", s.sid)
		}
		seen[s.sid] = true
		if kind != Resource && !alphanumeric(s.sid, "") {
			return malformed(msgSidText, "Sid %q", s.sid)
		}
		return nil
	}
}

func checkHasActions(s *rawStatement) *MalformedError {
	if len(s.action.values) == 0 {
		return malformed(msgNoActions, "")
	}
	return nil
}

func checkHasResources(kind Kind) func(*rawStatement) *MalformedError {
	return func(s *rawStatement) *MalformedError {
		if kind != Trust && len(s.resource.values) == 0 {
			return malformed(msgNoResources, "")
		}
		return nil
	}
}

func checkResources(s *rawStatement) *MalformedError {
	for _, r := range s.resource.values {
		if problem := resourceProblem(r); problem != "" {
			return malformed(problem, "resource %q", r)
		}
	}
	return nil
}

// resourceProblem returns IAM's message about a resource, or "".
func resourceProblem(r string) string {
	parts := strings.SplitN(r, ":", 6)
	switch {
	case r == "*":
		return ""
	case len(parts) < 2 || parts[0] != "arn":
		return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, r)
	case parts[1] != partition:
		return partitionProblem(parts)
	case len(parts) < 3 || strings.ContainsAny(parts[2], "*?"):
		return msgVendor
	case len(parts) > 3 && parts[3] != "" && parts[2] == "iam":
		return fmt.Sprintf("IAM resource %s cannot contain region information.", r)
	case len(parts) > 3 && parts[3] != "" && parts[2] == "s3":
		return fmt.Sprintf("Resource %s can not contain region information.", r)
	case parts[2] == "iam" && len(parts) == 6 && !iamPath(parts[5]):
		return msgIAMPath
	}
	return ""
}

// partitionProblem shows the ARN with the parts it lacks as wildcards.
func partitionProblem(parts []string) string {
	shown := [6]string{2: "*", 3: "*", 4: "*", 5: "*"}
	copy(shown[:], parts)
	return fmt.Sprintf(`Partition "%s" is not valid for resource "%s".`, parts[1], strings.Join(shown[:], ":"))
}

func iamPath(path string) bool {
	if path == "*" {
		return true
	}
	kind, _, slash := strings.Cut(path, "/")
	switch kind {
	case "user", "federated-user", "role", "group", "instance-profile", "mfa", "server-certificate",
		"policy", "sms-mfa", "saml-provider", "oidc-provider", "report", "access-report":
		return slash
	}
	return false
}

func checkActions(s *rawStatement) *MalformedError {
	for _, a := range s.action.values {
		vendor, _, colon := strings.Cut(a, ":")
		switch {
		case a == "*":
		case !colon:
			return malformed(msgActionPrefix, "action %q", a)
		case strings.Count(a, ":") > 1:
			return malformed(msgActionColons, "action %q", a)
		case vendor != "*" && !alphanumeric(vendor, "-."):
			return malformed(fmt.Sprintf("Vendor %s is not valid", vendor), "action %q", a)
		}
	}
	return nil
}

func checkNoPrincipal(s *rawStatement) *MalformedError {
	if s.principal.name != "" {
		return malformed(msgPrincipal, "")
	}
	return nil
}

// alphanumeric tells whether s holds only ASCII letters, digits and the others.
func alphanumeric(s, others string) bool {
	for i := range len(s) {
		b := s[i]
		if !isDigit(b) && !isUpper(b) && (b < 'a' || b > 'z') && strings.IndexByte(others, b) < 0 {
			return false
		}
	}
	return true
}
