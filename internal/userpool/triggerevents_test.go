package userpool_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// isExactly compares an event with what Amazon's documentation shows of it, member by
// member. POOL, CLIENT and SUB stand for what no test can know.
func isExactly(t *testing.T, pool *types.UserPoolType, clientID, sub string, got event, source, version, user, request, response string) {
	t.Helper()
	text := `{"version":"` + version + `","triggerSource":"` + source + `","region":"us-east-1","userPoolId":"POOL","userName":"` + user + `",
		"callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"CLIENT"},"request":` + request
	if response != "" {
		text += `,"response":` + response
	}
	text = strings.NewReplacer("POOL", *pool.Id, "CLIENT", clientID, "SUB", sub).Replace(text + "}")
	want := event{}
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", source, diff)
	}
}

// whatEach is the event of each source as it was before its function wrote into it.
func (w *world) whatEach(handlers map[string]function) map[string]event {
	asked := map[string]event{}
	for name, handle := range handlers {
		handlers[name] = func(e event) string {
			var copied event
			text, err := json.Marshal(e)
			if err == nil {
				err = json.Unmarshal(text, &copied)
			}
			if err != nil {
				return err.Error()
			}
			asked[e.text("triggerSource")] = copied
			return handle(e)
		}
	}
	w.functions(handlers)
	return asked
}

// Every function of a sign-up and a sign-in is asked with exactly Amazon's event.
func TestEventsOfASignIn(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asked := w.whatEach(map[string]function{"all": agree})
	pool := w.pool(withTriggers(&types.LambdaConfigType{
		PreSignUp: arn("all"), PostConfirmation: arn("all"), CustomMessage: arn("all"), PreAuthentication: arn("all"),
		PostAuthentication: arn("all"), PreTokenGeneration: arn("all"),
	}))
	app := w.app(pool, hidden)
	w.group(pool, "poets", func(in *idp.CreateGroupInput) { in.RoleArn = aws.String("arn:aws:iam::123456789012:role/poet") })
	metadata := map[string]string{"page": "home"}
	up, err := w.SignUp(t.Context(), &idp.SignUpInput{
		ClientId: app.ClientId, Username: aws.String("ada"), Password: aws.String(password), UserAttributes: attrs("email", "ada@example.org"),
		ValidationData: attrs("invited", "yes"), ClientMetadata: metadata,
	})
	if err != nil {
		t.Fatal(err)
	}
	is := func(source, request, response string) {
		t.Helper()
		isExactly(t, pool, *app.ClientId, *up.UserSub, asked[source], source, "1", "ada", request, response)
	}
	is("PreSignUp_SignUp", `{"userAttributes":{"email":"ada@example.org"},"validationData":{"invited":"yes"},"clientMetadata":{"page":"home"}}`,
		`{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}`)
	is("CustomMessage_SignUp", `{"userAttributes":{"sub":"SUB","email":"ada@example.org","email_verified":"false","cognito:user_status":"UNCONFIRMED"},
		"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":null,"clientMetadata":{"page":"home"}}`,
		`{"smsMessage":null,"emailMessage":null,"emailSubject":null}`)
	if _, err = w.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{
		ClientId: app.ClientId, Username: aws.String("ada"), ConfirmationCode: aws.String(w.codeTo("ada@example.org")), ClientMetadata: metadata,
	}); err != nil {
		t.Fatal(err)
	}
	const user = `"userAttributes":{"sub":"SUB","email":"ada@example.org","email_verified":"true","cognito:user_status":"CONFIRMED"}`
	is("PostConfirmation_ConfirmSignUp", `{`+user+`,"clientMetadata":{"page":"home"}}`, `{}`)

	w.join(pool, "ada", "poets")
	client := srpClient(app, password)
	begun, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_SRP_AUTH", ClientId: app.ClientId, ClientMetadata: map[string]string{"from": "start"},
		AuthParameters: map[string]string{"USERNAME": "ada", "SRP_A": client.PublicHex()}})
	if err != nil {
		t.Fatal(err)
	}
	is("PreAuthentication_Authentication", `{`+user+`,"validationData":{"from":"start"},"userNotFound":false}`, `{}`)
	answer := w.answer(app, client, begun.ChallengeParameters)
	answer.ClientMetadata = metadata
	in, err := w.RespondToAuthChallenge(t.Context(), answer)
	if err != nil {
		t.Fatal(err)
	}
	is("PostAuthentication_Authentication", `{`+user+`,"newDeviceUsed":false,"clientMetadata":{"page":"home"}}`, `{}`)
	const groups = `"groupConfiguration":{"groupsToOverride":["poets"],"iamRolesToOverride":["arn:aws:iam::123456789012:role/poet"],"preferredRole":"arn:aws:iam::123456789012:role/poet"}`
	is("TokenGeneration_Authentication", `{`+user+`,`+groups+`,"clientMetadata":{"page":"home"}}`, `{"claimsOverrideDetails":null}`)
	_, err = w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: app.ClientId, ClientMetadata: metadata,
		AuthParameters: map[string]string{"REFRESH_TOKEN": *in.AuthenticationResult.RefreshToken}})
	if err != nil {
		t.Fatal(err)
	}
	is("TokenGeneration_RefreshTokens", `{`+user+`,`+groups+`}`, `{"claimsOverrideDetails":null}`)
	_, err = w.GetTokensFromRefreshToken(t.Context(), &idp.GetTokensFromRefreshTokenInput{
		ClientId: app.ClientId, RefreshToken: in.AuthenticationResult.RefreshToken, ClientMetadata: map[string]string{"again": "yes"},
	})
	if err != nil {
		t.Fatal(err)
	}
	is("TokenGeneration_Authentication", `{`+user+`,`+groups+`,"clientMetadata":{"again":"yes"}}`, `{"claimsOverrideDetails":null}`)

	// Somebody who does not exist is asked about too, where clients must not know.
	_, err = w.byPassword(app, "eve", password)
	wants(t, err, notAuthorized, "Incorrect username or password.")
	isExactly(t, pool, *app.ClientId, "", asked["PreAuthentication_Authentication"], "PreAuthentication_Authentication", "1", "eve",
		`{"userAttributes":{},"validationData":null,"userNotFound":true}`, `{}`)
}

// What the newer versions of PreTokenGeneration are asked.
func TestEventsOfNewerTokens(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asked := w.whatEach(map[string]function{"all": agree})
	for lambda, version := range map[types.PreTokenGenerationLambdaVersionType]string{"V2_0": "2", "V3_0": "3"} {
		pool := w.pool(withTriggers(&types.LambdaConfigType{PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaArn: arn("all"), LambdaVersion: lambda}}))
		app := w.app(pool)
		w.member(app, "ada")
		sub := *w.adminGet(pool, "ada").UserAttributes[0].Value
		w.signIn(app, "ada")
		isExactly(t, pool, *app.ClientId, sub, asked["TokenGeneration_Authentication"], "TokenGeneration_Authentication", version, "ada",
			`{"userAttributes":{"sub":"SUB","email":"ada@example.org","email_verified":"true","cognito:user_status":"CONFIRMED"},
			"groupConfiguration":{"groupsToOverride":[],"iamRolesToOverride":[],"preferredRole":null},"scopes":["aws.cognito.signin.user.admin"]}`,
			`{"claimsAndScopeOverrideDetails":null}`)
	}
}

// The pool's own challenges.
func TestEventsOfCustomAuth(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asked := w.whatEach(riddles())
	app := w.riddlePool(true)
	pool := &types.UserPoolType{Id: app.UserPoolId}
	w.member(app, "ada")
	sub := *w.adminGet(pool, "ada").UserAttributes[0].Value
	is := func(source, request, response string) {
		t.Helper()
		isExactly(t, pool, *app.ClientId, sub, asked[source], source, "1", "ada", request, response)
	}
	const user = `"userAttributes":{"sub":"SUB","email":"ada@example.org","email_verified":"true","cognito:user_status":"CONFIRMED"}`
	begun, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "CUSTOM_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": "ada"}, ClientMetadata: map[string]string{"from": "start"}})
	if err != nil {
		t.Fatal(err)
	}
	const define, create = "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication"
	is(define, `{`+user+`,"session":[],"userNotFound":false}`, `{"challengeName":null,"issueTokens":null,"failAuthentication":null}`)
	is(create, `{`+user+`,"challengeName":"CUSTOM_CHALLENGE","session":[],"userNotFound":false}`,
		`{"publicChallengeParameters":null,"privateChallengeParameters":null,"challengeMetadata":null}`)
	_, err = w.RespondToAuthChallenge(t.Context(), &idp.RespondToAuthChallengeInput{
		ClientId: app.ClientId, ChallengeName: "CUSTOM_CHALLENGE", Session: begun.Session, ClientMetadata: map[string]string{"page": "riddle"},
		ChallengeResponses: map[string]string{"USERNAME": "ada", "ANSWER": "54"},
	})
	if err != nil {
		t.Fatal(err)
	}
	is("VerifyAuthChallengeResponse_Authentication",
		`{`+user+`,"privateChallengeParameters":{"answer":"42"},"challengeAnswer":"54","clientMetadata":{"page":"riddle"},"userNotFound":false}`, `{"answerCorrect":null}`)
	const once = `"session":[{"challengeName":"CUSTOM_CHALLENGE","challengeResult":false,"challengeMetadata":"RIDDLE"}]`
	is(define, `{`+user+`,`+once+`,"clientMetadata":{"page":"riddle"},"userNotFound":false}`, `{"challengeName":null,"issueTokens":null,"failAuthentication":null}`)
	is(create, `{`+user+`,"challengeName":"CUSTOM_CHALLENGE",`+once+`,"clientMetadata":{"page":"riddle"},"userNotFound":false}`,
		`{"publicChallengeParameters":null,"privateChallengeParameters":null,"challengeMetadata":null}`)
	if _, err := w.custom(app, map[string]string{"USERNAME": "ada", "CHALLENGE_NAME": "SRP_A", "SRP_A": srpClient(app, password).PublicHex()}); err != nil {
		t.Fatal(err)
	}
	is(define, `{`+user+`,"session":[{"challengeName":"SRP_A","challengeResult":true,"challengeMetadata":null}],"userNotFound":false}`,
		`{"challengeName":null,"issueTokens":null,"failAuthentication":null}`)
}

// People who come from another directory, and who are invited.
func TestEventsOfMigrationAndInvitation(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asked := w.whatEach(map[string]function{"all": func(e event) string {
		if strings.HasPrefix(e.text("triggerSource"), "UserMigration_") {
			return "Nobody"
		}
		return ""
	}})
	pool := w.pool(withTriggers(&types.LambdaConfigType{UserMigration: arn("all"), PreSignUp: arn("all"), CustomMessage: arn("all"), PostConfirmation: arn("all")}))
	app := w.app(pool)
	const nothing = `{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}`
	_, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": "old-secret"}, ClientMetadata: map[string]string{"from": "old"}})
	wants(t, err, "UserLambdaValidationException", "UserMigration failed with error Nobody.")
	isExactly(t, pool, *app.ClientId, "", asked["UserMigration_Authentication"], "UserMigration_Authentication", "1", "ada",
		`{"password":"old-secret","validationData":{"from":"old"},"userAttributes":null}`, nothing)
	_, err = w.ForgotPassword(t.Context(), &idp.ForgotPasswordInput{ClientId: app.ClientId, Username: aws.String("ada"), ClientMetadata: map[string]string{"page": "forgot"}})
	wants(t, err, "UserLambdaValidationException", "UserMigration failed with error Nobody.")
	isExactly(t, pool, *app.ClientId, "", asked["UserMigration_ForgotPassword"], "UserMigration_ForgotPassword", "1", "ada",
		`{"validationData":null,"userAttributes":null,"clientMetadata":{"page":"forgot"}}`, nothing)

	bob := w.mustCreate(pool, "bob", byEmail, "email", "bob@example.org", "email_verified", "true")
	sub := values(bob.Attributes)["sub"]
	isExactly(t, pool, "CLIENT_ID_NOT_APPLICABLE", sub, asked["PreSignUp_AdminCreateUser"], "PreSignUp_AdminCreateUser", "1", "bob",
		`{"userAttributes":{"email":"bob@example.org","email_verified":"true"},"validationData":null}`,
		`{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}`)
	isExactly(t, pool, "CLIENT_ID_NOT_APPLICABLE", sub, asked["CustomMessage_AdminCreateUser"], "CustomMessage_AdminCreateUser", "1", "bob",
		`{"userAttributes":{"sub":"SUB","email":"bob@example.org","email_verified":"true","cognito:user_status":"FORCE_CHANGE_PASSWORD"},
		"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":"{username}"}`,
		`{"smsMessage":null,"emailMessage":null,"emailSubject":null}`)
}

// The pool's own senders, which get no response to fill.
func TestEventsOfSenders(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asked := w.whatEach(map[string]function{"all": agree})
	pool := w.pool(withTriggers(&types.LambdaConfigType{
		CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: arn("all"), LambdaVersion: "V1_0"},
		CustomSMSSender:   &types.CustomSMSLambdaVersionConfigType{LambdaArn: arn("all"), LambdaVersion: "V1_0"},
		KMSKeyID:          aws.String("arn:aws:kms:us-east-1:123456789012:key/8a23102c-9b68-4fed-82ce-523c5363539e"),
	}), func(in *idp.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = append(in.AutoVerifiedAttributes, "phone_number")
	})
	app := w.app(pool)
	for name, medium := range map[string]string{"ada": "Email", "bob": "SMS"} {
		address, attribute := name+"@example.org", "email"
		if medium == "SMS" {
			address, attribute = "+4915112345678", "phone_number"
		}
		up, err := w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: &name, Password: aws.String(password),
			UserAttributes: attrs(attribute, address), ClientMetadata: map[string]string{"page": "home"}})
		if err != nil {
			t.Fatal(err)
		}
		m := w.messageTo(address)
		if err := w.service.SendByTrigger(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		source := "Custom" + medium + "Sender_SignUp"
		isExactly(t, pool, *app.ClientId, *up.UserSub, asked[source], source, "1", name,
			`{"type":"custom`+medium+`SenderRequestV1","code":"`+m.Code+`","clientMetadata":{"page":"home"},
			"userAttributes":{"sub":"SUB","`+attribute+`":"`+address+`","`+attribute+`_verified":"false","cognito:user_status":"UNCONFIRMED"}}`, "")
	}
}

// What functions are told of the other ways in: a second factor, a new password, a device.
func TestEventsOfOtherWaysIn(t *testing.T) {
	t.Parallel()
	w := boot(t)
	asked := w.whatEach(map[string]function{"all": agree})
	pool := w.pool(withDevices(false), withTriggers(&types.LambdaConfigType{
		CustomMessage: arn("all"), PreTokenGeneration: arn("all"), PostConfirmation: arn("all"), PostAuthentication: arn("all"),
	}))
	app := w.app(pool)
	const groups = `"groupConfiguration":{"groupsToOverride":[],"iamRolesToOverride":[],"preferredRole":null}`
	w.mustCreate(pool, "ada", byEmail, "email", "ada@example.org", "email_verified", "true", "phone_number", "+4915112345678", "phone_number_verified", "true")
	sub := values(w.adminGet(pool, "ada").UserAttributes)["sub"]
	is := func(source, request, response string) {
		t.Helper()
		isExactly(t, pool, *app.ClientId, sub, asked[source], source, "1", "ada", request, response)
	}
	const user = `"userAttributes":{"sub":"SUB","email":"ada@example.org","email_verified":"true","phone_number":"+4915112345678","phone_number_verified":"true","cognito:user_status":"CONFIRMED"}`
	metadata := map[string]string{"page": "next"}
	answer := func(name types.ChallengeNameType, session *string, pairs ...string) *idp.RespondToAuthChallengeOutput {
		t.Helper()
		out, err := w.RespondToAuthChallenge(t.Context(), &idp.RespondToAuthChallengeInput{
			ClientId: app.ClientId, ChallengeName: name, Session: session, ChallengeResponses: details(pairs...), ClientMetadata: metadata,
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first, err := w.byPassword(app, "ada", w.messageTo("ada@example.org").Code)
	if err != nil {
		t.Fatal(err)
	}
	in := answer("NEW_PASSWORD_REQUIRED", first.Session, "USERNAME", "ada", "NEW_PASSWORD", password)
	is("TokenGeneration_NewPasswordChallenge", `{`+user+`,`+groups+`,"clientMetadata":{"page":"next"}}`, `{"claimsOverrideDetails":null}`)
	is("PostAuthentication_Authentication", `{`+user+`,"newDeviceUsed":true,"clientMetadata":{"page":"next"}}`, `{}`)

	m := w.machine(in.AuthenticationResult)
	w.confirmDevice(in.AuthenticationResult, m, "")
	begun, err := w.fromDevice(app, m.key)
	if err != nil {
		t.Fatal(err)
	}
	session, claim := w.deviceClaim(app, begun.Session, m, m.secret)
	answer("DEVICE_PASSWORD_VERIFIER", session, claim...)
	is("TokenGeneration_AuthenticateDevice", `{`+user+`,`+groups+`,"clientMetadata":{"page":"next"}}`, `{"claimsOverrideDetails":null}`)
	is("PostAuthentication_Authentication", `{`+user+`,"newDeviceUsed":false,"clientMetadata":{"page":"next"}}`, `{}`)

	w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
		in.SmsMfaConfiguration, in.SoftwareTokenMfaConfiguration = &types.SmsMfaConfigType{SmsConfiguration: smsRole}, totpOn
	})
	w.enroll(in.AuthenticationResult)
	choice, err := w.byPassword(app, "ada", password)
	if err != nil || choice.ChallengeName != "SELECT_MFA_TYPE" {
		t.Fatalf("%+v, %v", choice, err)
	}
	answer("SELECT_MFA_TYPE", choice.Session, "USERNAME", "ada", "ANSWER", "SMS_MFA")
	is("CustomMessage_Authentication", `{`+user+`,"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":null,"clientMetadata":{"page":"next"}}`,
		`{"smsMessage":null,"emailMessage":null,"emailSubject":null}`)

	if _, err := w.ForgotPassword(t.Context(), &idp.ForgotPasswordInput{ClientId: app.ClientId, Username: aws.String("ada"), ClientMetadata: metadata}); err != nil {
		t.Fatal(err)
	}
	is("CustomMessage_ForgotPassword", `{`+user+`,"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":null,"clientMetadata":{"page":"next"}}`,
		`{"smsMessage":null,"emailMessage":null,"emailSubject":null}`)
	_, err = w.ConfirmForgotPassword(t.Context(), &idp.ConfirmForgotPasswordInput{ClientId: app.ClientId, Username: aws.String("ada"), Password: aws.String("Another-1!pass"),
		ConfirmationCode: aws.String(w.codeTo("+4915112345678")), ClientMetadata: metadata})
	if err != nil {
		t.Fatal(err)
	}
	is("PostConfirmation_ConfirmForgotPassword", `{`+user+`,"clientMetadata":{"page":"next"}}`, `{}`)
}
