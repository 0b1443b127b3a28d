package identitypool_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
)

func TestLinkASecondLogin(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		staff := w.secondPool()
		shopper, clerk := w.user(w.p, "ada"), w.user(staff, "ada")
		id := w.id(shopper)
		w.enters(id, logins(shopper, clerk), id) // links the second
		if got := w.describe(id); len(got) != 2 {
			w.t.Errorf("logins %v", got)
		}
		w.enters(id, clerk, id)
		if got := w.id(clerk); got != id {
			w.t.Errorf("the second login's identity is %s, want %s", got, id)
		}
		// Another user of a provider that the identity has already.
		_, _, err := w.enter(id, logins(clerk, w.user(w.p, "bob")))
		wantError(w.t, err, "ResourceConflictException", "already has a login of this provider")
		w.enters(id, shopper, id)
	})
}

func TestMergeTwoUsers(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		staff := w.secondPool()
		shopper, clerk := w.user(w.p, "ada"), w.user(staff, "ada")
		older := w.id(shopper)
		younger := w.id(clerk)
		// Both tokens in one call, for either identity: the older one wins.
		w.enters(younger, logins(shopper, clerk), older)
		w.enters(younger, clerk, older) // a client that remembers the disabled id learns the other
		w.enters(older, clerk, older)
		w.refused(younger, nil, "NotAuthorizedException", "Access to Identity '"+younger+"' is forbidden.")
		w.refused(younger, w.user(w.p, "bob"), "NotAuthorizedException", "Logins don't match.")
		if got := w.describe(younger); len(got) != 0 {
			w.t.Errorf("the disabled identity has logins %v", got)
		}
		if got := w.id(logins(shopper, clerk)); got != older {
			w.t.Errorf("GetId gives %s, want %s", got, older)
		}
	})
}

func TestMergeByGetID(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		staff := w.secondPool()
		shopper, clerk := w.user(w.p, "ada"), w.user(staff, "ada")
		older, younger := w.id(shopper), w.id(clerk)
		if got := w.id(logins(shopper, clerk)); got != older {
			w.t.Errorf("merged into %s, want %s", got, older)
		}
		w.refused(younger, nil, "NotAuthorizedException", "is forbidden")
	})
}

// Two identities that have different users of one provider stay two.
func TestMergeWouldMixTwoPeople(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		staff := w.secondPool()
		ada, bob := w.user(w.p, "ada"), w.user(w.p, "bob")
		adaAtWork, bobAtWork := w.user(staff, "ada"), w.user(staff, "bob")
		first, second := w.id(logins(ada, adaAtWork)), w.id(logins(bob, bobAtWork))
		_, err := w.getID(logins(ada, bobAtWork))
		wantError(w.t, err, "ResourceConflictException", "already has a login of this provider")
		w.enters(first, adaAtWork, first)
		w.enters(second, bob, second)
	})
}

func TestTwoNamesOfOneProvider(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ada, bob := w.user(w.p, "ada")[awsName(w.p)], w.user(w.p, "bob")[awsName(w.p)]
	issuer := w.URL()[len("http://"):] + "/" + w.p.UserPool
	id := w.id(map[string]string{awsName(w.p): ada, issuer: ada})
	if got := w.describe(id); len(got) != 1 {
		t.Errorf("logins %v", got)
	}
	_, err := w.getID(map[string]string{awsName(w.p): ada, issuer: bob})
	wantError(t, err, "ResourceConflictException", "two users of one provider")
}

// However many ask at once, a login has one identity.
func TestOneLoginAtOnce(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		ada := w.user(w.p, "ada")
		const callers = 12
		got := make([]string, callers)
		guests := make([]string, callers)
		for n := range guests {
			guests[n] = w.id(nil)
		}
		var all sync.WaitGroup
		for n := range callers {
			all.Go(func() {
				var err error
				if n%2 == 0 {
					got[n], err = w.getID(ada)
				} else {
					got[n], _, err = w.enter(guests[n], ada)
				}
				if err != nil {
					w.t.Error(err)
				}
			})
		}
		all.Wait()
		// Whoever came first was answered with what is another's by now, at the most.
		id := w.id(ada)
		for n, one := range got {
			if one != id {
				w.enters(one, ada, id)
			}
			if n%2 == 1 && guests[n] != id {
				w.enters(guests[n], ada, id)
			}
		}
		live := w.listed(true, 60)
		having := 0
		for _, providers := range live {
			having += len(providers)
		}
		if having != 1 {
			w.t.Errorf("%d identities have the login: %v", having, live)
		}
	})
}

func TestTooManyLogins(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.developers()
		first, _ := w.vouched("", "user-1")
		for n := 2; n <= 20; n++ {
			w.vouched(first, fmt.Sprintf("user-%d", n))
		}
		_, _, err := w.vouch(first, "user-21")
		wantError(w.t, err, "ResourceConflictException", "at most 20 logins")
		second, _ := w.vouched("", "user-21")
		_, err = w.merge("user-21", "user-1")
		wantError(w.t, err, "ResourceConflictException", "at most 20 logins")
		if again, _ := w.vouched("", "user-21"); again != second {
			w.t.Errorf("the refused merge moved user-21 to %s", again)
		}
	})
}

func (w *world) merge(source, destination string) (string, error) {
	out, err := w.root.MergeDeveloperIdentities(w.ctx, &cognitoidentity.MergeDeveloperIdentitiesInput{
		SourceUserIdentifier: &source, DestinationUserIdentifier: &destination, DeveloperProviderName: new(developer), IdentityPoolId: &w.p.IdentityPool,
	})
	if err != nil {
		return "", err
	}
	return *out.IdentityId, nil
}
