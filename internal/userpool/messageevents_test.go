package userpool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Every code that goes to an address is shown to the function that may write its message,
// with exactly Amazon's event: again at sign-up, for another address, and once more for it,
// whether or not the old address stays until then.
func TestEventsOfMessages(t *testing.T) {
	t.Parallel()
	t.Run("replaced", func(t *testing.T) { eventsOfMessages(t, func(*idp.CreateUserPoolInput) {}) })
	t.Run("pending", func(t *testing.T) {
		eventsOfMessages(t, func(in *idp.CreateUserPoolInput) {
			in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{"email"}}
		})
	})
}

func eventsOfMessages(t *testing.T, settings func(*idp.CreateUserPoolInput)) {
	w := boot(t)
	asked := w.whatEach(map[string]function{"all": agree})
	pool := w.pool(withTriggers(&types.LambdaConfigType{CustomMessage: arn("all")}), settings)
	app := w.app(pool)
	up, err := w.SignUp(t.Context(), &idp.SignUpInput{
		ClientId: app.ClientId, Username: aws.String("ada"), Password: aws.String(password), UserAttributes: attrs("email", "ada@example.org"),
	})
	if err != nil {
		t.Fatal(err)
	}
	metadata := map[string]string{"page": "profile"}
	is := func(source, attributes string) {
		t.Helper()
		isExactly(t, pool, *app.ClientId, *up.UserSub, asked[source], source, "1", "ada", `{"userAttributes":{"sub":"SUB",`+attributes+`},
			"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":null,"clientMetadata":{"page":"profile"}}`,
			`{"smsMessage":null,"emailMessage":null,"emailSubject":null}`)
	}
	_, err = w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("ada"), ClientMetadata: metadata})
	if err != nil {
		t.Fatal(err)
	}
	is("CustomMessage_ResendCode", `"email":"ada@example.org","email_verified":"false","cognito:user_status":"UNCONFIRMED"`)
	_, err = w.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{ClientId: app.ClientId, Username: aws.String("ada"), ConfirmationCode: aws.String(w.codeTo("ada@example.org"))})
	if err != nil {
		t.Fatal(err)
	}
	in := w.signIn(app, "ada")
	_, err = w.UpdateUserAttributes(t.Context(), &idp.UpdateUserAttributesInput{
		AccessToken: in.AccessToken, UserAttributes: attrs("email", "countess@example.org"), ClientMetadata: metadata,
	})
	if err != nil {
		t.Fatal(err)
	}
	const moved = `"email":"countess@example.org","email_verified":"false","cognito:user_status":"CONFIRMED"`
	is("CustomMessage_UpdateUserAttribute", moved)
	_, err = w.GetUserAttributeVerificationCode(t.Context(), &idp.GetUserAttributeVerificationCodeInput{
		AccessToken: in.AccessToken, AttributeName: aws.String("email"), ClientMetadata: metadata,
	})
	if err != nil {
		t.Fatal(err)
	}
	is("CustomMessage_VerifyUserAttribute", moved)
}
