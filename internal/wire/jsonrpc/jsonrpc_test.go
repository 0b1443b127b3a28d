package jsonrpc

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/wire/shape/shapetest"
)

// operations are all that speak this protocol.
var operations = slices.Concat(cognitoidp.Service.Operations, cognitoidentity.Service.Operations)

func TestDecodeEveryInput(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		for _, body := range []string{"", "{}", `{"nope":[1]}`} {
			if err := Decode(op, []byte(body), op.NewInput()); err != nil {
				t.Errorf("%s: %q: %v", op.Name, body, err)
			}
		}
		if err := Decode(op, []byte(`[]`), op.NewInput()); err == nil {
			t.Errorf("%s: an array passes for an input", op.Name)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	body := `{"ClientId":"c","Username":"u","Password":"p","UserAttributes":[{"Name":"email","Value":"u@example.org"},{"Name":"nickname"}],
		"ClientMetadata":{"k":"v"},"AnalyticsMetadata":{"AnalyticsEndpointId":"e"}}`
	want := cognitoidp.SignUpRequest{
		ClientId: "c", Username: "u", Password: "p",
		UserAttributes:    []cognitoidp.AttributeType{{Name: "email", Value: "u@example.org"}, {Name: "nickname"}},
		ClientMetadata:    map[string]string{"k": "v"},
		AnalyticsMetadata: &cognitoidp.AnalyticsMetadataType{AnalyticsEndpointId: "e"},
	}
	in := cognitoidp.SignUp.NewInput()
	if err := Decode(cognitoidp.SignUp.Operation, []byte(body), in); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, in); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestDecodeErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"Password":"hunter2","Username":1}`, `{"Password":"hunter2"`, `{"ClientMetadata":{"hunter2":["hunter2"]}}`,
		`{"Password":["hunter2"]}`, `{"hunter2":`, `{"Password":"hunter2\`,
	} {
		err := Decode(cognitoidp.SignUp.Operation, []byte(body), cognitoidp.SignUp.NewInput())
		if err == nil {
			t.Errorf("accepted %s", body)
		} else if msg := err.Error(); len(msg) > 100 || strings.Contains(msg, "hunter2") {
			t.Errorf("%s: the error is %q", body, msg)
		}
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	body, err := Encode(cognitoidp.SignUp.Operation, &cognitoidp.SignUpResponse{UserConfirmed: new(false), UserSub: "s"})
	if err != nil || string(body) != `{"UserConfirmed":false,"UserSub":"s"}` {
		t.Errorf("got %s, %v", body, err)
	}
	body, err = Encode(&model.Operation{NoOutput: true}, &model.Empty{})
	if err != nil || len(body) != 0 {
		t.Errorf("no output: got %q, %v", body, err)
	}
	body, err = Encode(&model.Operation{}, &model.Empty{})
	if err != nil || string(body) != "{}" {
		t.Errorf("empty output: got %q, %v", body, err)
	}
}

func TestErrorBody(t *testing.T) {
	t.Parallel()
	e := (&model.ErrorType{Name: "X", Code: "UserNotFoundException"}).New("User <a> \"b\" does not exist.\n")
	e.Fields = map[string]string{"extra": "1", "__type": "not this"}
	want := map[string]string{"__type": "UserNotFoundException", "message": "User <a> \"b\" does not exist.\n", "extra": "1"}
	var got map[string]string
	if err := json.Unmarshal(ErrorBody(e), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	sent := Present([]byte(`{"Username":"","UserAttributes":[{"Name":"email","Value":""}]}`))
	if !sent("Username") || sent("Password") || !sent("UserAttributes.1.Value") || sent("UserAttributes.1.Name") {
		t.Error("empty strings are mistaken")
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	t.Run("AdminCreateUser", roundTrip(cognitoidp.AdminCreateUser))
	t.Run("CreateUserPool", roundTrip(cognitoidp.CreateUserPool))
	t.Run("InitiateAuth", roundTrip(cognitoidp.InitiateAuth))
	t.Run("GetCredentialsForIdentity", roundTrip(cognitoidentity.GetCredentialsForIdentity))
	t.Run("SetIdentityPoolRoles", roundTrip(cognitoidentity.SetIdentityPoolRoles))
}

// roundTrip writes arbitrary inputs as a client would and reads them back.
func roundTrip[In, Out any](op model.Op[In, Out]) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			want := shapetest.Value[In](shapetest.Options{}).Draw(t, "input")
			body, err := Encode(&model.Operation{}, &want)
			if err != nil {
				t.Fatal(err)
			}
			got := op.NewInput()
			if err := Decode(op.Operation, body, got); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Fatalf("-want +got\n%s", diff)
			}
		})
	}
}

// FuzzDecode gives every operation any body: none may panic, and what is
// accepted must be JSON.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(0), []byte(`{"UserPoolId":"p","Username":"u"}`))
	f.Add(uint8(40), []byte(`{"AuthFlow":"USER_SRP_AUTH","ClientId":"c","AuthParameters":{"USERNAME":"u","SRP_A":"ff"}}`))
	f.Add(uint8(110), []byte(`{"IdentityPoolId":"p","Logins":{"a":"b"}}`))
	f.Fuzz(func(t *testing.T, i uint8, body []byte) {
		op := operations[int(i)%len(operations)]
		if err := Decode(op, body, op.NewInput()); err == nil && len(body) > 0 && !json.Valid(body) {
			t.Errorf("%s accepted %q", op.Name, body)
		}
	})
}
