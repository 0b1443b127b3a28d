package userpool

import (
	"strconv"

	"github.com/go-json-experiment/json"
)

// identity is an entry of a user's attribute identities: somebody whom an identity
// provider knows and who is this user. The attribute is a JSON text.
type identity struct {
	UserID       string  `json:"userId"`
	ProviderName string  `json:"providerName"`
	ProviderType string  `json:"providerType"`
	Issuer       *string `json:"issuer"`
	// Primary tells that the user came into being by this identity's sign-in.
	Primary     bool  `json:"primary"`
	DateCreated int64 `json:"dateCreated"` // milliseconds of the epoch
}

// identities returns who the user is elsewhere. Only the server writes the attribute.
func (u *user) identities() []identity { return parseIdentities(u.Attributes[attrIdentities]) }

func parseIdentities(text string) (list []identity) {
	if text == "" || json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	return list
}

func (u *user) setIdentities(list []identity) error {
	if len(list) == 0 {
		u.set(attrIdentities, "")
		return nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	u.set(attrIdentities, string(text))
	return nil
}

// identityClaims returns the identities as an ID token shows them, where all values
// are strings.
func identityClaims(text string) []map[string]*string {
	claims := []map[string]*string{}
	for _, i := range parseIdentities(text) {
		claims = append(claims, map[string]*string{
			"userId": &i.UserID, "providerName": &i.ProviderName, "providerType": &i.ProviderType, "issuer": i.Issuer,
			"primary": new(strconv.FormatBool(i.Primary)), "dateCreated": new(strconv.FormatInt(i.DateCreated, 10)),
		})
	}
	return claims
}
