package cli_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pintail/internal/userpool/srp"
)

// Commands for the stories of user pools. In the JSON that they send, $NAME is a variable
// of the script.

// userPools begins the targets of Cognito's user pools.
const userPools = "AWSCognitoIdentityProviderService."

// calls are the commands that make one call, which "fails" expects to be refused.
var calls = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"anyone": anyone, "admin": admin, "signin": signIn, "answer": answer,
}

// anyone OPERATION JSON runs an operation without credentials.
func anyone(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: anyone OPERATION JSON")
	}
	ask(ts, neg, args[0], expand(ts, args[1]))
}

func ask(ts *testscript.TestScript, neg bool, operation, body string) {
	if !strings.Contains(operation, ".") {
		operation = userPools + operation
	}
	send(ts, neg, request(ts, operation, body))
	keepSignIn(ts)
}

// admin OPERATION JSON runs an operation as the root user of the folder data.
func admin(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: admin OPERATION JSON")
	}
	owner(ts, neg, []string{"data", "cognito-idp", userPools + args[0], expand(ts, args[1])})
	keepSignIn(ts)
}

// signin USERNAME PASSWORD begins a sign-in at the app client $CLIENT.
func signIn(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: signin USERNAME PASSWORD")
	}
	call(ts, neg, "InitiateAuth", map[string]any{
		"ClientId": ts.Getenv("CLIENT"), "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": args[0], "PASSWORD": args[1]},
	})
}

// answer CHALLENGE USERNAME [NAME=VALUE]... answers the challenge of $SESSION.
func answer(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: answer CHALLENGE USERNAME [NAME=VALUE]...")
	}
	responses := map[string]string{"USERNAME": args[1]}
	for _, response := range args[2:] {
		name, value, _ := strings.Cut(response, "=")
		responses[name] = value
	}
	in := map[string]any{"ClientId": ts.Getenv("CLIENT"), "ChallengeName": args[0], "ChallengeResponses": responses}
	if args[0] != "PASSWORD_VERIFIER" {
		in["Session"] = ts.Getenv("SESSION")
	}
	call(ts, neg, "RespondToAuthChallenge", in)
}

func call(ts *testscript.TestScript, neg bool, operation string, in any) {
	body, err := json.Marshal(in)
	ts.Check(err)
	ask(ts, neg, operation, string(body))
}

// keepSignIn sets what the next call of a sign-in needs: $SESSION, or the tokens.
func keepSignIn(ts *testscript.TestScript) {
	for variable, path := range map[string]string{
		"SESSION": "Session", "ACCESS": "AuthenticationResult.AccessToken",
		"ID": "AuthenticationResult.IdToken", "REFRESH": "AuthenticationResult.RefreshToken",
	} {
		if value, ok := lookUp(ts, path); ok {
			ts.Setenv(variable, fmt.Sprint(value))
		}
	}
}

// fails ERROR COMMAND... makes a call that must be refused with this error.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || calls[args[1]] == nil {
		ts.Fatalf("usage: fails ERROR anyone|admin|signin|answer ...")
	}
	calls[args[1]](ts, true, args[2:])
	if got, _ := lookUp(ts, "__type"); got != args[0] {
		ts.Fatalf("refused with %v, want %s", got, args[0])
	}
}

// until ERROR REGEXP COMMAND... repeats a refused call until it is refused with this text.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: until ERROR REGEXP COMMAND...")
	}
	text := regexp.MustCompile(args[1])
	for range 20 {
		fails(ts, neg, append([]string{args[0]}, args[2:]...))
		if text.MatchString(ts.ReadFile("answer.json")) {
			return
		}
	}
	ts.Fatalf("never answered %q", args[1])
}

var variable = regexp.MustCompile(`\$[A-Z][A-Z0-9]*`)

// expand puts variables into the strings of a JSON text. An empty one is a mistake in the
// script.
func expand(ts *testscript.TestScript, text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		value := ts.Getenv(name[1:])
		if value == "" {
			ts.Fatalf("%s is not set", name)
		}
		text, err := json.Marshal(value)
		ts.Check(err)
		return string(text[1 : len(text)-1])
	})
}

// code ADDRESS sets $CODE to what the newest message to an address brings.
func newestCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: code ADDRESS")
	}
	ts.Check(ts.Exec("pintail", "outbox", "--data", "data", "--to", args[0], "--limit", "1", "--code"))
	ts.Setenv("CODE", strings.TrimSpace(ts.ReadFile("stdout")))
}

// totp SECRET [STEPS] sets $CODE to what an authenticator app shows (RFC 6238), now or
// so many times 30 seconds later.
func totp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: totp SECRET [STEPS]")
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(args[0])
	ts.Check(err)
	step := time.Now().Unix() / 30
	if len(args) == 2 {
		later, err := strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
		step += later
	}
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	number := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) &^ (1 << 31)
	ts.Setenv("CODE", fmt.Sprintf("%06d", number%1_000_000))
}

// claims TOKEN prints what a token says, a claim on a line.
func claims(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || strings.Count(args[0], ".") != 2 {
		ts.Fatalf("usage: claims TOKEN")
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(args[0], ".")[1])
	ts.Check(err)
	var all map[string]json.RawMessage
	ts.Check(json.Unmarshal(text, &all))
	for name, value := range all {
		fmt.Fprintf(ts.Stdout(), "%s %s\n", name, value)
	}
}

// exchange is a client's side of the SRP exchange that a script has begun.
type exchange struct{ client *srp.Client }

// srp begin POOL PASSWORD sets $SRPA; srp prove USER sets $BLOCK, $TIMESTAMP and
// $SIGNATURE for the challenge of the last answer.
func secureRemote(ts *testscript.TestScript, neg bool, args []string) {
	e := ts.Value(exchange{}).(*exchange)
	switch {
	case !neg && len(args) == 3 && args[0] == "begin":
		e.client = srp.NewClient(args[1], args[2])
		ts.Setenv("SRPA", e.client.PublicHex())
	case !neg && len(args) == 2 && args[0] == "prove":
		parameter := func(name string) string {
			value, _ := lookUp(ts, "ChallengeParameters."+name)
			return fmt.Sprint(value)
		}
		block := parameter("SECRET_BLOCK")
		timestamp, signature, err := e.client.Answer(srp.Challenge{
			UserID: args[1], Salt: parameter("SALT"), SRPB: parameter("SRP_B"), SecretBlock: block,
		}, time.Now())
		ts.Check(err)
		ts.Setenv("BLOCK", block)
		ts.Setenv("TIMESTAMP", timestamp)
		ts.Setenv("SIGNATURE", signature)
	default:
		ts.Fatalf("usage: srp begin POOL PASSWORD | srp prove USER")
	}
}

// device GROUP KEY SECRET sets $SALT and $VERIFIER, by which a device is confirmed.
func deviceSecret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: device GROUP KEY SECRET")
	}
	v := srp.NewVerifier(srp.Identity{Pool: args[0], User: args[1]}, args[2])
	ts.Setenv("SALT", base64.StdEncoding.EncodeToString(v.Salt))
	ts.Setenv("VERIFIER", base64.StdEncoding.EncodeToString(v.Value[:]))
}
