package identitypool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
)

func (w *world) unlink(id string, shown map[string]string, remove ...string) error {
	_, err := w.anyone.UnlinkIdentity(w.ctx, &cognitoidentity.UnlinkIdentityInput{IdentityId: &id, Logins: shown, LoginsToRemove: remove})
	return err
}

func TestUnlink(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		staff := w.secondPool()
		shopper, clerk := w.user(w.p, "ada"), w.user(staff, "ada")
		id := w.id(logins(shopper, clerk))

		// One login of the identity is enough to take the other away.
		must(w.t, w.unlink(id, shopper, awsName(staff)))
		if got := w.describe(id); len(got) != 1 || got[0] != awsName(w.p) {
			w.t.Errorf("logins %v", got)
		}
		w.enters(id, shopper, id)
		w.refused(id, clerk, "NotAuthorizedException", "Logins don't match.")
		if fresh := w.id(clerk); fresh == id {
			w.t.Error("the unlinked login still has the identity")
		}
		wantError(w.t, w.unlink(id, shopper, awsName(staff)), "NotAuthorizedException", "Logins don't match.")

		// With its last login an identity is nobody's, and not a guest's either.
		must(w.t, w.unlink(id, shopper, awsName(w.p)))
		if got := w.describe(id); len(got) != 0 {
			w.t.Errorf("logins %v", got)
		}
		w.refused(id, nil, "NotAuthorizedException", "Access to Identity '"+id+"' is forbidden.")
		w.refused(id, shopper, "NotAuthorizedException", "Logins don't match.")
		if fresh := w.id(shopper); fresh == id {
			w.t.Error("the last login still has the identity")
		}
		w.refused(id, shopper, "NotAuthorizedException", "Logins don't match.")
	})
}

func TestUnlinkByStrangers(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.developers()
	ada, bob := w.user(w.p, "ada"), w.user(w.p, "bob")
	id := w.id(ada)
	w.id(bob)
	guest := w.id(nil)
	wantError(t, w.unlink(id, bob, awsName(w.p)), "NotAuthorizedException", "Logins don't match.")
	wantError(t, w.unlink(guest, bob, awsName(w.p)), "NotAuthorizedException", "Logins don't match.")
	wantError(t, w.unlink(id, ada, "graph.facebook.com"), "NotAuthorizedException", "Logins don't match.")
	wantError(t, w.unlink(id, ada, "example.org"), "InvalidParameterException", "valid public provider")
	// A developer's login is the back end's to take away.
	w.vouched(id, "ada-1")
	wantError(t, w.unlink(id, ada, developer), "InvalidParameterException", "valid public provider")
	_, token := w.vouched(id, "ada-1")
	wantError(t, w.unlink(id, token, awsName(w.p)), "NotAuthorizedException", "Can't pass in a Cognito token.")
	w.enters(id, ada, id)
}
