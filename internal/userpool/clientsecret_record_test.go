package userpool

import (
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// Records of before clients could have two secrets hold one in another member. It
// is good, listed, and can make way for a new one.
func TestOlderClientSecret(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	id := r.client.ClientId
	err := r.db.Update(t.Context(), func(tx store.Tx) error {
		_, err := clients.Modify(tx, r.pool.Id, id, func(record *clientRecord) error {
			record.Secret = r.secrets.Seal([]byte("old"), r.pool.Id, id)
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Forget()
	knows := func(secret string, want bool) {
		t.Helper()
		cl, _, err := r.Service.client(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got := cl.knowsSecret(secret); got != want {
			t.Errorf("knows %q: %t", secret, got)
		}
	}
	knows("old", true)
	knows("", false)
	c := operation{cognitoidp.AddUserPoolClientSecret.Operation}.call()
	const second = "a_second_secret_of_33_characters_"
	if _, err := r.addUserPoolClientSecret(t.Context(), c, &cognitoidp.AddUserPoolClientSecretRequest{UserPoolId: r.pool.Id, ClientId: id, ClientSecret: second}); err != nil {
		t.Fatal(err)
	}
	knows("old", true)
	knows(second, true)
	listed, err := r.listUserPoolClientSecrets(t.Context(), c, &cognitoidp.ListUserPoolClientSecretsRequest{UserPoolId: r.pool.Id, ClientId: id})
	if err != nil || len(listed.ClientSecrets) != 2 {
		t.Fatalf("%v %v", listed, err)
	}
	_, err = r.deleteUserPoolClientSecret(t.Context(), c, &cognitoidp.DeleteUserPoolClientSecretRequest{
		UserPoolId: r.pool.Id, ClientId: id, ClientSecretId: listed.ClientSecrets[0].ClientSecretId})
	if err != nil {
		t.Fatal(err)
	}
	knows("old", false)
	knows(second, true)
}
