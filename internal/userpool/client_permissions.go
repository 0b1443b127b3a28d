package userpool

import (
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// profileShorthand stands for the profile attributes in a client's lists.
const profileShorthand = "oidc:profile"

var profileAttributes = []string{
	attrName, "given_name", "family_name", "middle_name", "nickname", attrPreferredUsername, "profile", "picture",
	"website", "gender", "birthdate", "zoneinfo", "locale",
}

// lists tells whether a client's list holds an attribute.
func lists(list []string, name string) bool {
	return slices.Contains(list, name) ||
		slices.Contains(list, profileShorthand) && slices.Contains(profileAttributes, name)
}

// reads tells whether the client may see an attribute. Without a list it sees
// everything, also custom attributes that were added later (Cognito developer
// guide, "Attribute permissions and scopes").
func (cl *client) reads(name string) bool {
	return name == attrSub || cl.ReadAttributes == nil || lists(cl.ReadAttributes, name)
}

// writes tells whether the client may set an attribute, be it mutable or not.
func (cl *client) writes(name string) bool {
	if managed(name) || developerOnly(name) {
		return false
	}
	return cl.WriteAttributes == nil || lists(cl.WriteAttributes, name)
}

// checkPermissions refuses lists of attributes that the pool does not have, that
// nobody may write, or that leave out what every user must have. The refusal says what
// is being done to the client.
func checkPermissions(p *pool, in *cognitoidp.CreateUserPoolClientRequest, doing string) error {
	for _, name := range in.ReadAttributes {
		if name != profileShorthand && !p.schema.has(name) {
			return invalid("Invalid read attributes specified while %s a client", doing)
		}
	}
	if in.WriteAttributes == nil {
		return nil
	}
	refused := invalid("Invalid write attributes specified while %s a client", doing)
	for _, name := range in.WriteAttributes {
		if name != profileShorthand && (!p.schema.has(name) || managed(name)) {
			return refused
		}
	}
	for _, a := range p.schema.list {
		if p.schema.required(a.Name) && !lists(in.WriteAttributes, a.Name) {
			return refused
		}
	}
	return nil
}

// errUnauthorizedWrite refuses an attribute that the client may not set.
func errUnauthorizedWrite() error {
	return cognitoidp.NotAuthorizedException.New("A client attempted to write unauthorized attribute")
}
