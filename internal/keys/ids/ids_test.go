package ids

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestForms(t *testing.T) {
	t.Parallel()
	const uuidForm = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	account, err := ParseAccount("123456789012")
	if err != nil {
		t.Fatal(err)
	}
	kind := func(k Kind) func() string { return func() string { return account.NewID(k) } }
	for _, test := range []struct {
		name, form string
		next       func() string
	}{
		{"user pool", `eu-west-1_[A-Za-z0-9]{9}`, func() string { return UserPool("eu-west-1") }},
		{"identity pool", `eu-west-1:` + uuidForm, func() string { return IdentityPool("eu-west-1") }},
		{"identity", `eu-west-1:` + uuidForm, func() string { return Identity("eu-west-1") }},
		{"client", `[a-z0-9]{26}`, UserPoolClient},
		{"client secret", `[a-z0-9]{52}`, ClientSecret},
		{"import job", `import-[A-Za-z0-9]{10}`, ImportJob},
		{"code", `[0-9]{6}`, func() string { return Code(6) }},
		{"long code", `[0-9]{8}`, func() string { return Code(8) }},
		{"UUID", uuidForm, UUID},
		{"Pinpoint", `[0-9a-f]{32}`, Pinpoint},
		{"secret access key", `[A-Za-z0-9+/]{40}`, SecretAccessKey},
		{"access key", `AKIARZPUZDIK[A-P][A-Z2-7]{7}`, kind(AccessKey)},
		{"temporary access key", `ASIARZPUZDIK[A-P][A-Z2-7]{7}`, kind(TemporaryAccessKey)},
		{"user", `AIDARZPUZDIK[A-P][A-Z2-7]{8}`, kind(User)},
		{"role", `AROARZPUZDIK[A-P][A-Z2-7]{8}`, kind(Role)},
	} {
		form, seen := regexp.MustCompile("^"+test.form+"$"), map[string]bool{}
		for range 50 {
			id := test.next()
			if !form.MatchString(id) {
				t.Errorf("%s: %q", test.name, id)
			}
			seen[id] = true
		}
		if len(seen) < 48 { // two codes of six digits may meet by chance
			t.Errorf("%s: 50 ids, %d different", test.name, len(seen))
		}
	}
}

// Every digit is as likely as every other, in every position: with 100,000 draws
// for each of the 60 cells, none strays from 10,000 by 6 standard deviations.
func TestCodesAreUniform(t *testing.T) {
	t.Parallel()
	var counts [6][10]int
	for range 100_000 {
		for position, digit := range Code(6) {
			counts[position][digit-'0']++
		}
	}
	for position, digits := range counts {
		for digit, n := range digits {
			if n < 10_000-570 || n > 10_000+570 {
				t.Errorf("digit %d at position %d: %d times", digit, position, n)
			}
		}
	}
}

func TestAccountIsCarried(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.SampledFrom([]string{"000000000000", "000000000001", "999999999999"}), rapid.StringMatching(`[0-9]{12}`)).Draw(t, "account")
		account, err := ParseAccount(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []Kind{AccessKey, TemporaryAccessKey, User, Role, Group, ManagedPolicy, PolicyVersion, InstanceProfile} {
			if got, ok := AccountOf(account.NewID(kind)); !ok || got.String() != id {
				t.Fatalf("%s of %s carries %s, %v", kind, id, got, ok)
			}
		}
	})
}

func TestParseAccount(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "12345678901", "1234567890123", "+12345678901", "-12345678901", "12345678901x", "１２３４"} {
		if _, err := ParseAccount(id); !errors.Is(err, ErrAccount) {
			t.Errorf("%q: error is %v", id, err)
		}
	}
}

func FuzzAccountOf(f *testing.F) {
	for _, s := range []string{"", "AKIARZPUZDIKA", "AKIARZPUZDIK", "AKIAAAAAAAAAA", "AKIA77777777A", "AKIA\n\n\n\n\n\n\n\nA", strings.Repeat("=", 20)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if account, ok := AccountOf(id); ok {
			if _, err := ParseAccount(account.String()); err != nil {
				t.Fatalf("%q carries %s", id, account)
			}
		}
	})
}
