package userpool_test

import (
	"regexp"
	"slices"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// riddles are the functions of a pool that asks a riddle: two wrong answers are too
// many.
func riddles() map[string]function {
	return map[string]function{
		"define": func(e event) string {
			rounds, _ := e.at("request", "session").([]any)
			last := map[string]any{}
			if len(rounds) > 0 {
				last = rounds[len(rounds)-1].(map[string]any)
			}
			switch {
			case last["challengeName"] == "SRP_A":
				e.respond("challengeName", "PASSWORD_VERIFIER")
			case last["challengeName"] == "CUSTOM_CHALLENGE" && last["challengeResult"] == true:
				e.respond("issueTokens", true)
			case len(rounds) >= 2 && last["challengeResult"] == false:
				e.respond("failAuthentication", true)
			default:
				e.respond("challengeName", "CUSTOM_CHALLENGE")
			}
			return ""
		},
		"create": func(e event) string {
			e.respond("publicChallengeParameters", map[string]string{"riddle": "6 times 9"})
			e.respond("privateChallengeParameters", map[string]string{"answer": "42"})
			e.respond("challengeMetadata", "RIDDLE")
			return ""
		},
		"verify": func(e event) string {
			e.respond("answerCorrect", e.text("request", "challengeAnswer") == e.text("request", "privateChallengeParameters", "answer"))
			return ""
		},
	}
}

func (w *world) riddlePool(hides bool, changes ...func(*idp.CreateUserPoolInput)) *types.UserPoolClientType {
	w.t.Helper()
	pool := w.pool(append(changes, func(in *idp.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{DefineAuthChallenge: arn("define"), CreateAuthChallenge: arn("create"), VerifyAuthChallengeResponse: arn("verify")}
	})...)
	return w.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, "ALLOW_CUSTOM_AUTH")
		if hides {
			in.PreventUserExistenceErrors = "ENABLED"
		}
	})
}

func (w *world) custom(app *types.UserPoolClientType, parameters map[string]string) (*idp.InitiateAuthOutput, error) {
	return w.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{AuthFlow: "CUSTOM_AUTH", ClientId: app.ClientId, AuthParameters: parameters})
}

func TestCustomAuth(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		f := w.functions(riddles())
		app := w.riddlePool(false)
		w.member(app, "ada")
		asked, err := w.custom(app, map[string]string{"USERNAME": "ada"})
		if err != nil {
			t.Fatal(err)
		}
		if asked.ChallengeName != "CUSTOM_CHALLENGE" || asked.ChallengeParameters["riddle"] != "6 times 9" || asked.ChallengeParameters["answer"] != "" {
			t.Fatalf("asked %+v", asked)
		}
		again, err := w.respond(app, "CUSTOM_CHALLENGE", asked.Session, "USERNAME", "ada", "ANSWER", "54")
		if err != nil || again.ChallengeName != "CUSTOM_CHALLENGE" || again.AuthenticationResult != nil {
			t.Fatalf("%+v, %v", again, err)
		}
		_, err = w.respond(app, "CUSTOM_CHALLENGE", asked.Session, "USERNAME", "ada", "ANSWER", "42")
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
		in, err := w.respond(app, "CUSTOM_CHALLENGE", again.Session, "USERNAME", "ada", "ANSWER", "42")
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		last := f.last("DefineAuthChallenge_Authentication")
		rounds, _ := last.at("request", "session").([]any)
		if len(rounds) != 2 || rounds[0].(map[string]any)["challengeMetadata"] != "RIDDLE" || rounds[0].(map[string]any)["challengeResult"] != false {
			t.Errorf("Define was told %v", rounds)
		}
		want := []string{
			"DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication", "VerifyAuthChallengeResponse_Authentication",
			"DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication", "VerifyAuthChallengeResponse_Authentication",
			"DefineAuthChallenge_Authentication",
		}
		if got := f.sources(); !slices.Equal(got, want) {
			t.Errorf("functions were called for %v", got)
		}
	})
}

func TestCustomAuthTurnsAway(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.functions(riddles())
	app := w.riddlePool(false)
	w.member(app, "ada")
	asked, err := w.custom(app, map[string]string{"USERNAME": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.respond(app, "CUSTOM_CHALLENGE", asked.Session, "USERNAME", "ada", "ANSWER", "1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.respond(app, "CUSTOM_CHALLENGE", again.Session, "USERNAME", "ada", "ANSWER", "2")
	wants(t, err, notAuthorized, "Incorrect username or password.")
	_, err = w.custom(app, map[string]string{"USERNAME": "eve"})
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

// A function that lets everybody in cannot let in somebody who does not exist.
func TestCustomAuthOfNobody(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(riddles())
	app := w.riddlePool(true)
	w.member(app, "ada")
	w.enable(&types.UserPoolType{Id: app.UserPoolId}, "ada", false) // who is hidden as well
	for _, name := range []string{"eve", "ada"} {
		asked, err := w.custom(app, map[string]string{"USERNAME": name})
		if err != nil || asked.ChallengeName != "CUSTOM_CHALLENGE" {
			t.Fatalf("%+v, %v", asked, err)
		}
		if told := f.last("CreateAuthChallenge_Authentication").at("request", "userNotFound"); told != true {
			t.Errorf("userNotFound is %v", told)
		}
		_, err = w.respond(app, "CUSTOM_CHALLENGE", asked.Session, "USERNAME", name, "ANSWER", "42")
		wants(t, err, notAuthorized, "Incorrect username or password.")
	}
}

// The pool's own challenge comes after a password by SRP.
func TestCustomAuthAfterSRP(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.functions(riddles())
	app := w.riddlePool(false)
	w.member(app, "ada")
	client := srpClient(app, password)
	asked, err := w.custom(app, map[string]string{"USERNAME": "ada", "CHALLENGE_NAME": "SRP_A", "SRP_A": client.PublicHex()})
	if err != nil || asked.ChallengeName != "PASSWORD_VERIFIER" {
		t.Fatalf("%+v, %v", asked, err)
	}
	answer := w.answer(app, client, asked.ChallengeParameters)
	next, err := w.RespondToAuthChallenge(t.Context(), answer)
	if err != nil || next.ChallengeName != "CUSTOM_CHALLENGE" || next.AuthenticationResult != nil {
		t.Fatalf("%+v, %v", next, err)
	}
	in, err := w.respond(app, "CUSTOM_CHALLENGE", next.Session, "USERNAME", "ada", "ANSWER", "42")
	if err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
	_, err = w.custom(w.app(&types.UserPoolType{Id: app.UserPoolId}), map[string]string{"USERNAME": "ada"})
	wants(t, err, invalidParameter, "CUSTOM_AUTH is not enabled for the client.")
}

// A challenge does not tell by its USERNAME whether there is such a user.
func TestHiddenCustomAuth(t *testing.T) {
	t.Parallel()
	w := boot(t)
	f := w.functions(riddles())
	app := w.riddlePool(true, namedByEmail)
	w.signUp(app, "ada@example.org")
	w.confirm(app, "ada@example.org", "ada@example.org")
	shown := func(name string) string {
		t.Helper()
		asked, err := w.custom(app, map[string]string{"USERNAME": name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.respond(app, "CUSTOM_CHALLENGE", asked.Session, "USERNAME", asked.ChallengeParameters["USERNAME"], "ANSWER", "1"); err != nil {
			t.Error(err)
		}
		return asked.ChallengeParameters["USERNAME"]
	}
	form := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for _, name := range []string{"ada@example.org", "eve@example.org"} {
		if username := shown(name); !form.MatchString(username) {
			t.Errorf("%s is called %q", name, username)
		}
	}
	if told := f.last("CreateAuthChallenge_Authentication").text("userName"); told != "eve@example.org" {
		t.Errorf("the function was asked about %q", told) // which has to know whom to make a challenge for
	}
	wantsAlike(t, "an answer under another name", answerAs(w, app, "ada@example.org"), answerAs(w, app, "eve@example.org"))
}

// answerAs begins a custom sign-in and answers under a name that is nobody's.
func answerAs(w *world, app *types.UserPoolClientType, name string) error {
	asked, err := w.custom(app, map[string]string{"USERNAME": name})
	if err == nil {
		_, err = w.respond(app, "CUSTOM_CHALLENGE", asked.Session, "USERNAME", "nobody@example.org", "ANSWER", "1")
	}
	return err
}
