package userpool

import (
	"errors"
	"testing"

	"pintail/internal/gen/cognitoidp"
)

func analyticsOf(app string) *cognitoidp.AnalyticsConfigurationType {
	return &cognitoidp.AnalyticsConfigurationType{ApplicationArn: "arn:aws:mobiletargeting:us-east-1:123456789012:apps/" + app}
}

// Some refusals keep a person out, others find fault with the request.
func TestDenials(t *testing.T) {
	for _, test := range []struct {
		err    error
		denied bool
	}{
		{errIncorrect(), true}, {errNoUser(), true}, {errLocked(), true}, {errDisabled(), true}, {errCodeMismatch(), true}, {errExpiredCode(), true},
		{errResetRequired(), true}, {errSessionSpent(), true},
		{errNoDevice(), false}, {errRate(), false}, {errLambdaOutput(), false}, {invalid("x"), false}, {errNoPool("x"), false}, {errors.New("x"), false},
	} {
		code, denied := isDenial(test.err)
		if denied != test.denied || denied == (code == "") {
			t.Errorf("%v: %v %q", test.err, denied, code)
		}
	}
}

// The endpoints of addresses are named alike always, each differently, and as nobody else
// could.
func TestAddressIDs(t *testing.T) {
	r, other := newRoom(t), newRoom(t)
	seen := map[string]bool{}
	for _, of := range [][3]string{{"p1", "ada", attrEmail}, {"p1", "ada", attrPhone}, {"p1", "bob", attrEmail}, {"p2", "ada", attrEmail}} {
		id := r.addressID(of[0], of[1], of[2])
		if seen[id] || id != r.addressID(of[0], of[1], of[2]) || id == other.addressID(of[0], of[1], of[2]) || len(id) != 36 {
			t.Errorf("%v has the id %s", of, id)
		}
		seen[id] = true
	}
}
