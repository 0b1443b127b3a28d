package userpool

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// TestProviderSecretsAtRest looks for a provider's secrets in what is stored of it.
func TestProviderSecretsAtRest(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	const secret, key = "hush-hush-hush", "MIGTAgEAMBMGByqGSM49"
	c := operation{cognitoidp.CreateIdentityProvider.Operation}.call()
	for name, details := range map[string]map[string]string{
		"Google":          {"client_id": "g1", "client_secret": secret, "authorize_scopes": "openid"},
		"SignInWithApple": {"client_id": "a1", "team_id": "t1", "key_id": "k1", "private_key": key, "authorize_scopes": "email"},
	} {
		_, err := r.createIdentityProvider(t.Context(), c, &cognitoidp.CreateIdentityProviderRequest{
			UserPoolId: r.pool.Id, ProviderName: name, ProviderType: cognitoidp.IdentityProviderTypeType(name), ProviderDetails: details,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var found []*providerRecord
	err := r.db.View(t.Context(), func(tx store.Tx) (err error) {
		found, _, err = providers.List(tx, r.pool.Id, store.Query{Limit: 2})
		return err
	})
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	for _, record := range found {
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(key)) {
			t.Errorf("%s is stored with its secret in clear", record.Settings.ProviderName)
		}
	}
	if got, err := r.providerSecret(found[0], detailClientSecret); got != secret || err != nil {
		t.Errorf("client secret %q, %v", got, err)
	}
	if got, err := r.providerSecret(found[1], detailPrivateKey); got != key || err != nil {
		t.Errorf("private key %q, %v", got, err)
	}
}
