package userpool_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

func withDevices(prompt bool) func(*idp.CreateUserPoolInput) {
	return func(in *idp.CreateUserPoolInput) {
		in.DeviceConfiguration = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: prompt}
	}
}

// machine is what a client knows of the device that it runs on.
type machine struct {
	key, group string
	secret     string
	config     *types.DeviceSecretVerifierConfigType
}

// machine is the one that a sign-in was offered, with a new secret.
func (w *world) machine(tokens *types.AuthenticationResultType) *machine {
	w.t.Helper()
	if tokens.NewDeviceMetadata == nil {
		w.t.Fatal("no device was offered")
	}
	m := &machine{key: *tokens.NewDeviceMetadata.DeviceKey, group: *tokens.NewDeviceMetadata.DeviceGroupKey}
	m.secret, m.config = newSecret(w.t, m.group, m.key)
	return m
}

// newSecret makes a device's secret and its verifier as Amazon's clients do
// (amazon-cognito-identity-js, AuthenticationHelper.generateHashDevice): a random
// password of 40 bytes in base64, a salt of 16, and v = g^H(pad(salt) ‖
// H(group ‖ key ‖ ":" ‖ password)).
func newSecret(t testing.TB, group, key string) (secret string, config *types.DeviceSecretVerifierConfigType) {
	t.Helper()
	prime, ok := new(big.Int).SetString(groupPrime, 16)
	if !ok {
		t.Fatal("no prime")
	}
	random := make([]byte, 40+16)
	rand.Read(random)
	secret = base64.StdEncoding.EncodeToString(random[:40])
	salt := signedBytes(new(big.Int).SetBytes(random[40:]))
	inner := sha256.Sum256([]byte(group + key + ":" + secret))
	x := sha256.Sum256(append(append([]byte{}, salt...), inner[:]...))
	v := new(big.Int).Exp(big.NewInt(2), new(big.Int).SetBytes(x[:]), prime)
	return secret, &types.DeviceSecretVerifierConfigType{
		PasswordVerifier: aws.String(base64.StdEncoding.EncodeToString(signedBytes(v))),
		Salt:             aws.String(base64.StdEncoding.EncodeToString(salt)),
	}
}

// signedBytes are the shortest bytes of a number that do not look negative.
func signedBytes(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return b
}

// groupPrime is N of RFC 5054's group of 3072 bits.
const groupPrime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// confirmDevice confirms a machine and returns whether its user has to be asked.
func (w *world) confirmDevice(tokens *types.AuthenticationResultType, m *machine, name string) (asks bool) {
	w.t.Helper()
	in := &idp.ConfirmDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key, DeviceSecretVerifierConfig: m.config}
	if name != "" {
		in.DeviceName = &name
	}
	out, err := w.ConfirmDevice(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserConfirmationNecessary
}

// device returns one of the user's devices.
func (w *world) device(tokens *types.AuthenticationResultType, key string) (*types.DeviceType, error) {
	out, err := w.GetDevice(w.t.Context(), &idp.GetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &key})
	if err != nil {
		return nil, err
	}
	return out.Device, nil
}

func (w *world) mustDevice(tokens *types.AuthenticationResultType, key string) *types.DeviceType {
	w.t.Helper()
	d, err := w.device(tokens, key)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// signsIn tells whether a machine of ada's is asked for its secret, and lets her in by
// it.
func (w *world) signsIn(app *types.UserPoolClientType, m *machine) bool {
	w.t.Helper()
	asked, err := w.fromDevice(app, m.key)
	if err != nil {
		w.t.Fatal(err)
	}
	if asked.ChallengeName != "DEVICE_SRP_AUTH" {
		return false
	}
	in, err := w.deviceAnswer(app, asked.Session, m, m.secret)
	if err != nil {
		wants(w.t, err, notAuthorized, "Incorrect username or password.")
	}
	return err == nil && in.AuthenticationResult != nil
}

const (
	notFound = "ResourceNotFoundException"
	noDevice = "Device does not exist."
)

func TestDevice(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		pool := w.pool(withDevices(false))
		app := w.app(pool)
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		m := w.machine(tokens)
		_, err := w.device(tokens, m.key)
		wants(t, err, notFound, noDevice) // a sign-in alone keeps nothing
		confirmed := w.clock.Now()
		if w.confirmDevice(tokens, m, "Ada's engine") {
			t.Error("the user has to be asked in a pool that remembers all devices")
		}
		d := w.mustDevice(tokens, m.key)
		arn := "arn:aws:cognito-idp:us-east-1:" + account + ":owner/ada." + *pool.Id + "/device/" + m.key
		want := map[string]string{
			"device_status": "valid", "device_name": "Ada's engine", "last_ip_used": "127.0.0.1", "dev:device_arn": arn,
			"dev:device_owner": "ada." + *pool.Id, "dev:device_remembered_status": "remembered", "dev:device_sdk": "aws-sdk-unknown-unknown",
		}
		if diff := cmp.Diff(want, values(d.DeviceAttributes)); diff != "" {
			t.Error(diff)
		}
		if *d.DeviceKey != m.key || d.DeviceCreateDate.Sub(confirmed).Abs() > time.Second ||
			!d.DeviceCreateDate.Equal(*d.DeviceLastModifiedDate) || !d.DeviceCreateDate.Equal(*d.DeviceLastAuthenticatedDate) {
			t.Errorf("%s: created %v, modified %v, used %v", *d.DeviceKey, d.DeviceCreateDate, d.DeviceLastModifiedDate, d.DeviceLastAuthenticatedDate)
		}

		w.start() // another process knows it too
		w.clock.Advance(30 * time.Minute)
		elsewhere := w.at("127.0.0.2")
		if !elsewhere.signsIn(app, m) {
			t.Error("the device's secret was refused")
		}
		used := w.mustDevice(tokens, m.key)
		if !used.DeviceLastAuthenticatedDate.After(*d.DeviceLastAuthenticatedDate) || !used.DeviceLastModifiedDate.Equal(*d.DeviceLastModifiedDate) ||
			values(used.DeviceAttributes)["last_ip_used"] != "127.0.0.2" {
			t.Errorf("after a sign-in: %v, %v", used.DeviceLastAuthenticatedDate, values(used.DeviceAttributes))
		}
		other := *m
		other.secret = "c29tZXRoaW5nIGVsc2U="
		if w.signsIn(app, &other) {
			t.Error("another secret was taken")
		}

		tokens = w.signIn(app, "ada")
		if _, err := w.ForgetDevice(ctx, &idp.ForgetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key}); err != nil {
			t.Fatal(err)
		}
		_, err = w.device(tokens, m.key)
		wants(t, err, notFound, noDevice)
	})
}

func TestConfirmDeviceRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(withDevices(false))
	app := w.app(pool)
	w.member(app, "ada")
	w.member(app, "bob")
	tokens, again := w.signIn(app, "ada"), w.signIn(app, "ada")
	m := w.machine(tokens)
	confirmed := w.machine(again)
	w.confirmDevice(again, confirmed, "")
	if name, ok := values(w.mustDevice(again, confirmed.key).DeviceAttributes)["device_name"]; ok {
		t.Errorf("a device without a name is called %q", name)
	}
	foreign := w.machine(w.signIn(app, "bob"))
	const (
		badKey    = "Invalid device key given."
		badSecret = "Invalid DeviceSecretVerifierConfig given."
	)
	tests := []struct {
		name          string
		change        func(in *idp.ConfirmDeviceInput)
		code, message string
	}{
		{"a key of its own making", func(in *idp.ConfirmDeviceInput) {
			in.DeviceKey = aws.String("us-east-1_01234567-89ab-4def-8123-456789abcdef")
		}, invalidParameter, badKey},
		{"another sign-in's key", func(in *idp.ConfirmDeviceInput) { in.DeviceKey = &confirmed.key }, invalidParameter, badKey},
		{"another user's key", func(in *idp.ConfirmDeviceInput) { in.DeviceKey = &foreign.key }, invalidParameter, badKey},
		{"no secret", func(in *idp.ConfirmDeviceInput) { in.DeviceSecretVerifierConfig = nil }, invalidParameter, badSecret},
		{"no salt", verifier(*m.config.PasswordVerifier, ""), invalidParameter, badSecret},
		{"not base64", verifier("!", *m.config.Salt), invalidParameter, badSecret},
		{"a verifier that lets anybody in", verifier("AQ==", *m.config.Salt), invalidParameter, badSecret},
		{"twice", func(in *idp.ConfirmDeviceInput) { in.AccessToken, in.DeviceKey = again.AccessToken, &confirmed.key },
			"DeviceKeyExistsException", "Device already exists."},
		{"an ID token", func(in *idp.ConfirmDeviceInput) { in.AccessToken = tokens.IdToken }, notAuthorized, "Invalid Access Token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := &idp.ConfirmDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key, DeviceSecretVerifierConfig: m.config}
			test.change(in)
			_, err := w.ConfirmDevice(t.Context(), in)
			wants(t, err, test.code, test.message)
		})
	}
	_, err := w.device(tokens, m.key)
	wants(t, err, notFound, noDevice)
	w.confirmDevice(tokens, m, "") // nothing of this stood in the way
}

func verifier(value, salt string) func(*idp.ConfirmDeviceInput) {
	return func(in *idp.ConfirmDeviceInput) {
		in.DeviceSecretVerifierConfig = &types.DeviceSecretVerifierConfigType{PasswordVerifier: &value, Salt: &salt}
	}
}

func TestDeviceStatus(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool(withDevices(true))
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	m := w.machine(tokens)
	if !w.confirmDevice(tokens, m, "engine") {
		t.Error("the user need not be asked in a pool that prompts")
	}
	is := func(want string) {
		t.Helper()
		if got := values(w.mustDevice(tokens, m.key).DeviceAttributes)["dev:device_remembered_status"]; got != want {
			t.Errorf("status %s, want %s", got, want)
		}
		if got := w.signsIn(app, m); got != (want == "remembered") {
			t.Errorf("a device that is %s may sign in: %v", want, got)
		}
		own, err := w.ListDevices(ctx, &idp.ListDevicesInput{AccessToken: tokens.AccessToken})
		if err != nil || (len(own.Devices) == 1) != (want == "remembered") {
			t.Errorf("the user of a device that is %s is shown %v, %v", want, own.Devices, err)
		}
		all, err := w.AdminListDevices(ctx, &idp.AdminListDevicesInput{UserPoolId: pool.Id, Username: aws.String("ada")})
		if err != nil || len(all.Devices) != 1 {
			t.Errorf("an administrator is shown %v, %v", all.Devices, err)
		}
	}
	is("not_remembered")
	before := w.mustDevice(tokens, m.key)
	if _, err := w.UpdateDeviceStatus(ctx, &idp.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key, DeviceRememberedStatus: "remembered"}); err != nil {
		t.Fatal(err)
	}
	is("remembered")
	if after := w.mustDevice(tokens, m.key); !after.DeviceLastModifiedDate.After(*before.DeviceLastModifiedDate) {
		t.Errorf("modified %v, before %v", after.DeviceLastModifiedDate, before.DeviceLastModifiedDate)
	}
	if _, err := w.AdminUpdateDeviceStatus(ctx, &idp.AdminUpdateDeviceStatusInput{UserPoolId: pool.Id, Username: aws.String("ada"), DeviceKey: &m.key, DeviceRememberedStatus: "not_remembered"}); err != nil {
		t.Fatal(err)
	}
	is("not_remembered")
	_, err := w.UpdateDeviceStatus(ctx, &idp.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key})
	wants(t, err, invalidParameter, "Missing required parameter DeviceRememberedStatus")
}

// Devices that are not remembered are not shown to their user, and take no room on the
// pages of the others.
func TestListRememberedDevices(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		pool := w.pool(withDevices(true))
		app := w.app(pool)
		w.member(app, "ada")
		want := map[string]bool{}
		var tokens *types.AuthenticationResultType
		for i := range 7 {
			tokens = w.signIn(app, "ada")
			m := w.machine(tokens)
			w.confirmDevice(tokens, m, "")
			if i%2 == 0 {
				continue
			}
			if _, err := w.UpdateDeviceStatus(ctx, &idp.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key, DeviceRememberedStatus: "remembered"}); err != nil {
				t.Fatal(err)
			}
			want[m.key] = true
		}
		got := map[string]bool{}
		first, err := w.ListDevices(ctx, &idp.ListDevicesInput{AccessToken: tokens.AccessToken, Limit: aws.Int32(2)})
		if err != nil || len(first.Devices) != 2 || first.PaginationToken == nil {
			t.Fatalf("%+v, %v", first, err)
		}
		second, err := w.ListDevices(ctx, &idp.ListDevicesInput{AccessToken: tokens.AccessToken, Limit: aws.Int32(2), PaginationToken: first.PaginationToken})
		if err != nil || len(second.Devices) != 1 || second.PaginationToken != nil {
			t.Fatalf("%+v, %v", second, err)
		}
		for _, d := range append(first.Devices, second.Devices...) {
			got[*d.DeviceKey] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestListDevices(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool(withDevices(false))
	app := w.app(pool)
	w.member(app, "ada")
	w.member(app, "bob")
	want := map[string]bool{}
	var tokens *types.AuthenticationResultType
	for range 3 {
		tokens = w.signIn(app, "ada")
		m := w.machine(tokens)
		w.confirmDevice(tokens, m, "")
		want[m.key] = true
	}
	others := w.signIn(app, "bob")
	foreign := w.machine(others)
	w.confirmDevice(others, foreign, "")

	own := func(limit *int32, token *string) ([]types.DeviceType, *string, error) {
		out, err := w.ListDevices(ctx, &idp.ListDevicesInput{AccessToken: tokens.AccessToken, Limit: limit, PaginationToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Devices, out.PaginationToken, nil
	}
	byAdmin := func(limit *int32, token *string) ([]types.DeviceType, *string, error) {
		out, err := w.AdminListDevices(ctx, &idp.AdminListDevicesInput{UserPoolId: pool.Id, Username: aws.String("ada"), Limit: limit, PaginationToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Devices, out.PaginationToken, nil
	}
	for name, list := range map[string]func(*int32, *string) ([]types.DeviceType, *string, error){"own": own, "by admin": byAdmin} {
		all, next, err := list(nil, nil)
		if err != nil || len(all) != 3 || next != nil {
			t.Fatalf("%s: %d devices, next %v, %v", name, len(all), next, err)
		}
		got := map[string]bool{}
		var token *string
		for pages := 1; ; pages++ {
			page, next, err := list(aws.Int32(2), token)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range page {
				got[*d.DeviceKey] = true
			}
			if token = next; token == nil {
				if pages != 2 {
					t.Errorf("%s: %d pages", name, pages)
				}
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(name, diff)
		}
		_, _, err = list(nil, aws.String("nonsense"))
		wants(t, err, invalidParameter, "Invalid pagination token.")
	}
	// What is somebody else's is nobody's.
	_, err := w.device(tokens, foreign.key)
	wants(t, err, notFound, noDevice)
	_, err = w.ForgetDevice(ctx, &idp.ForgetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &foreign.key})
	wants(t, err, notFound, noDevice)

	// Devices go with their user, and with nobody else.
	if _, err := w.AdminDeleteUser(ctx, &idp.AdminDeleteUserInput{UserPoolId: pool.Id, Username: aws.String("ada")}); err != nil {
		t.Fatal(err)
	}
	w.mustDevice(others, foreign.key)
	w.member(app, "ada")
	tokens = w.signIn(app, "ada")
	if left, _, err := own(nil, nil); err != nil || len(left) != 0 {
		t.Errorf("a new user has %d devices of an earlier one: %v", len(left), err)
	}
}

func TestAdminDevices(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool(withDevices(false))
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	m := w.machine(tokens)
	w.confirmDevice(tokens, m, "engine")
	ada, nobody := aws.String("ada"), aws.String("nobody")
	got, err := w.AdminGetDevice(ctx, &idp.AdminGetDeviceInput{UserPoolId: pool.Id, Username: ada, DeviceKey: &m.key})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(values(w.mustDevice(tokens, m.key).DeviceAttributes), values(got.Device.DeviceAttributes)); diff != "" {
		t.Error(diff)
	}
	_, err = w.AdminGetDevice(ctx, &idp.AdminGetDeviceInput{UserPoolId: pool.Id, Username: nobody, DeviceKey: &m.key})
	wants(t, err, notFound, "User does not exist.") // declares no UserNotFoundException
	_, err = w.AdminListDevices(ctx, &idp.AdminListDevicesInput{UserPoolId: pool.Id, Username: nobody})
	wants(t, err, notFound, "User does not exist.")
	_, err = w.AdminForgetDevice(ctx, &idp.AdminForgetDeviceInput{UserPoolId: pool.Id, Username: nobody, DeviceKey: &m.key})
	wants(t, err, "UserNotFoundException", "User does not exist.")
	_, err = w.AdminUpdateDeviceStatus(ctx, &idp.AdminUpdateDeviceStatusInput{UserPoolId: pool.Id, Username: nobody, DeviceKey: &m.key, DeviceRememberedStatus: "remembered"})
	wants(t, err, "UserNotFoundException", "User does not exist.")
	if _, err = w.AdminForgetDevice(ctx, &idp.AdminForgetDeviceInput{UserPoolId: pool.Id, Username: ada, DeviceKey: &m.key}); err != nil {
		t.Fatal(err)
	}
	_, err = w.AdminForgetDevice(ctx, &idp.AdminForgetDeviceInput{UserPoolId: pool.Id, Username: ada, DeviceKey: &m.key})
	wants(t, err, notFound, noDevice)
}

func TestDevicesOfAPoolWithout(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ctx := t.Context()
	pool := w.pool()
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	if tokens.NewDeviceMetadata != nil {
		t.Errorf("a device was offered: %v", tokens.NewDeviceMetadata)
	}
	m := &machine{key: "us-east-1_01234567-89ab-4def-8123-456789abcdef"}
	m.secret, m.config = newSecret(t, "-01234567", m.key)
	ada := aws.String("ada")
	for name, call := range map[string]func() error{
		"ConfirmDevice": func() error {
			_, err := w.ConfirmDevice(ctx, &idp.ConfirmDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key, DeviceSecretVerifierConfig: m.config})
			return err
		},
		"GetDevice": func() error { _, err := w.device(tokens, m.key); return err },
		"ListDevices": func() error {
			_, err := w.ListDevices(ctx, &idp.ListDevicesInput{AccessToken: tokens.AccessToken})
			return err
		},
		"AdminListDevices": func() error {
			_, err := w.AdminListDevices(ctx, &idp.AdminListDevicesInput{UserPoolId: pool.Id, Username: ada})
			return err
		},
		"AdminForgetDevice": func() error {
			_, err := w.AdminForgetDevice(ctx, &idp.AdminForgetDeviceInput{UserPoolId: pool.Id, Username: ada, DeviceKey: &m.key})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, call(), "InvalidUserPoolConfigurationException", "User pool does not have device tracking configured.")
		})
	}
}

// A user's devices do not become more and more: the one that was used longest ago goes,
// and one that is remembered last.
func TestDevicesAreBounded(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(withDevices(true))
	app := w.app(pool)
	w.member(app, "ada")
	var keys []string
	for i := range 102 {
		w.clock.Advance(time.Second)
		tokens := w.signIn(app, "ada")
		m := w.machine(tokens)
		w.confirmDevice(tokens, m, "")
		keys = append(keys, m.key)
		if i == 0 {
			if _, err := w.UpdateDeviceStatus(t.Context(), &idp.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: &m.key, DeviceRememberedStatus: "remembered"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := map[string]bool{}
	in := &idp.AdminListDevicesInput{UserPoolId: pool.Id, Username: aws.String("ada"), Limit: aws.Int32(60)}
	for {
		out, err := w.AdminListDevices(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range out.Devices {
			left[*d.DeviceKey] = true
		}
		if in.PaginationToken = out.PaginationToken; in.PaginationToken == nil {
			break
		}
	}
	if len(left) != 100 || !left[keys[0]] || left[keys[1]] || left[keys[2]] || !left[keys[3]] || !left[keys[101]] {
		t.Errorf("%d devices are left; the first five: %v %v %v %v %v", len(left), left[keys[0]], left[keys[1]], left[keys[2]], left[keys[3]], left[keys[4]])
	}
}
