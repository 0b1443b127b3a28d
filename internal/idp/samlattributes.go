package idp

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Names of the attributes that AWS reads (IAM user guide, "Configure SAML assertions for
// the authentication response"). They are case-sensitive.
const (
	samlAWS             = "https://aws.amazon.com/SAML/Attributes/"
	attrRole            = samlAWS + "Role"
	attrSessionName     = samlAWS + "RoleSessionName"
	attrSessionDuration = samlAWS + "SessionDuration"
	attrSourceIdentity  = samlAWS + "SourceIdentity"
	attrTransitiveKeys  = samlAWS + "TransitiveTagKeys"
	attrTag             = samlAWS + "PrincipalTag:"
)

// Limits of what AWS reads.
const (
	minDuration, maxDuration = 900, 43200 // seconds
	maxTags                  = 50
)

// readAttributes reads the attribute statements. An attribute that stands several times
// has the values of all.
func (a *Assertion) readAttributes(e *etree.Element) error {
	for _, statement := range children(e, nsAssertion, "AttributeStatement") {
		for _, element := range children(statement, nsAssertion, "Attribute") {
			if err := a.readAttribute(element); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Assertion) readAttribute(element *etree.Element) error {
	name := attribute(element, "Name")
	if name == "" {
		return refuse(ErrMalformed, "an attribute without name")
	}
	i := slices.IndexFunc(a.Attributes, func(known SAMLAttribute) bool { return known.Name == name })
	if i < 0 {
		i = len(a.Attributes)
		a.Attributes = append(a.Attributes, SAMLAttribute{Name: name, FriendlyName: attribute(element, "FriendlyName")})
	}
	for _, value := range children(element, nsAssertion, "AttributeValue") {
		v, err := attributeValue(value)
		if err != nil {
			return err
		}
		a.Attributes[i].Values = append(a.Attributes[i].Values, v)
	}
	return nil
}

// attributeValue reads a value, which is text, or one NameID as eduPersonTargetedID has it.
func attributeValue(value *etree.Element) (string, error) {
	if inner := value.ChildElements(); len(inner) == 1 && isElement(inner[0], nsAssertion, "NameID") {
		return text(inner[0])
	}
	return text(value)
}

// Values returns the values of an attribute.
func (a *Assertion) Values(name string) []string {
	for _, attribute := range a.Attributes {
		if attribute.Name == name {
			return attribute.Values
		}
	}
	return nil
}

// one returns the only value of an attribute, "" if it is absent, and refuses several.
func (a *Assertion) one(name string) (string, error) {
	switch values := a.Values(name); len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", refuse(ErrMalformed, "several values of %s", shown(name))
}

// SAMLRole is a role that an assertion lets its bearer take, through a provider.
type SAMLRole struct{ RoleARN, ProviderARN string }

// Roles returns the pairs of the Role attribute, which may be written either way round.
// The provider vouches for them; that the provider is the one asked, and that the role
// trusts it, is for the caller to judge.
func (a *Assertion) Roles() ([]SAMLRole, error) {
	var roles []SAMLRole
	for _, value := range a.Values(attrRole) {
		first, second, found := strings.Cut(value, ",")
		first, second = strings.TrimSpace(first), strings.TrimSpace(second)
		if isProviderARN(first) {
			first, second = second, first
		}
		if !found || !isRoleARN(first) || !isProviderARN(second) {
			return nil, refuse(ErrMalformed, "a Role that is not a role and a provider: %s", shown(value))
		}
		roles = append(roles, SAMLRole{first, second})
	}
	return roles, nil
}

func isRoleARN(s string) bool     { return isIAM(s, "role/") }
func isProviderARN(s string) bool { return isIAM(s, "saml-provider/") }

// isIAM tells whether a text is the ARN of an IAM resource of a kind.
func isIAM(s, kind string) bool {
	parts := strings.SplitN(s, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "iam" && strings.HasPrefix(parts[5], kind) &&
		!strings.ContainsAny(parts[5], ", \t\r\n")
}

// SAMLSession is how an assertion shapes a role session.
type SAMLSession struct {
	Name           string
	Duration       time.Duration // 0 if it does not say
	SourceIdentity string
	Tags           []SAMLTag // in the order of the assertion; keys may differ in case only
	TransitiveKeys []string
}

// SAMLTag is a session tag.
type SAMLTag struct{ Key, Value string }

// Refusals of a session's name, for which AWS has texts of its own. Both are of kind
// ErrMalformed.
var (
	ErrNoSessionName  error = refuse(ErrMalformed, "no RoleSessionName")
	ErrBadSessionName error = refuse(ErrMalformed, "a RoleSessionName that no session may have")
)

var sessionName = regexp.MustCompile(`^[a-zA-Z_0-9+=,.@-]{2,64}$`)

// Session reads the attributes that shape a role session.
func (a *Assertion) Session() (*SAMLSession, error) {
	var s SAMLSession
	var err error
	if s.Name, err = a.one(attrSessionName); err != nil {
		return nil, err
	}
	switch {
	case s.Name == "":
		return nil, ErrNoSessionName
	case !sessionName.MatchString(s.Name):
		return nil, ErrBadSessionName
	}
	if s.SourceIdentity, err = a.one(attrSourceIdentity); err != nil {
		return nil, err
	}
	if id := s.SourceIdentity; id != "" && !sessionName.MatchString(id) {
		return nil, refuse(ErrMalformed, "a SourceIdentity that no session may have")
	}
	if s.Duration, err = a.duration(); err != nil {
		return nil, err
	}
	s.TransitiveKeys = a.Values(attrTransitiveKeys)
	s.Tags, err = a.tags()
	return &s, err
}

func (a *Assertion) duration() (time.Duration, error) {
	text, err := a.one(attrSessionDuration)
	if text == "" || err != nil {
		return 0, err
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < minDuration || seconds > maxDuration {
		return 0, refuse(ErrMalformed, "a SessionDuration that is not %d to %d seconds", minDuration, maxDuration)
	}
	return time.Duration(seconds) * time.Second, nil
}

func (a *Assertion) tags() ([]SAMLTag, error) {
	var tags []SAMLTag
	for _, at := range a.Attributes {
		key, isTag := strings.CutPrefix(at.Name, attrTag)
		if !isTag {
			continue
		}
		if key == "" || len(at.Values) != 1 || len(tags) == maxTags {
			return nil, refuse(ErrMalformed, "a tag without key, with other than one value, or too many of them")
		}
		tags = append(tags, SAMLTag{key, at.Values[0]})
	}
	return tags, nil
}
