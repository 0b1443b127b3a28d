package userpool

import (
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

func TestRemoveLinks(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	c := operation{cognitoidp.CreateIdentityProvider.Operation}.call()
	_, err := r.createIdentityProvider(t.Context(), c, &cognitoidp.CreateIdentityProviderRequest{
		UserPoolId: r.pool.Id, ProviderName: "Google", ProviderType: "Google",
		ProviderDetails: map[string]string{"client_id": "g1", "client_secret": "hush", "authorize_scopes": "openid"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"1", "2"} {
		_, err := r.adminLinkProviderForUser(t.Context(), c, &cognitoidp.AdminLinkProviderForUserRequest{
			UserPoolId:      r.pool.Id,
			DestinationUser: &cognitoidp.ProviderUserIdentifierType{ProviderName: "Cognito", ProviderAttributeValue: "ada"},
			SourceUser: &cognitoidp.ProviderUserIdentifierType{
				ProviderName: "Google", ProviderAttributeName: subjectAttribute, ProviderAttributeValue: subject,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = r.db.Update(t.Context(), func(tx store.Tx) error {
		u, err := r.pool.linkedUser(tx, linkID("Google", subjectAttribute, "2"))
		if err != nil {
			return err
		}
		if u.Sub != r.ada.Sub {
			t.Errorf("the link leads to %s", u.Username)
		}
		if err := removeLinks(tx, r.pool.Id, u); err != nil {
			return err
		}
		n, err := links.Count(tx, r.pool.Id)
		if n != 0 {
			t.Errorf("%d links are left", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
