package userpool_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/userpool/breached"
)

// A password that is known from a breach is refused wherever it comes in clear, except
// from an administrator.
func TestCompromisedPasswords(t *testing.T) {
	t.Parallel()
	const leaked = "Letmein-2026"
	w := boot(t)
	path := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(path, []byte(leaked+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.breached, err = breached.Open(path); err != nil {
		t.Fatal(err)
	}
	w.start()
	pool := w.pool(protected, func(in *idp.CreateUserPoolInput) {
		in.UserPoolAddOns = &types.UserPoolAddOnsType{AdvancedSecurityMode: "ENFORCED"}
	})
	app := w.app(pool)
	_, err = w.SetRiskConfiguration(t.Context(), &idp.SetRiskConfigurationInput{
		UserPoolId: pool.Id,
		CompromisedCredentialsRiskConfiguration: &types.CompromisedCredentialsRiskConfigurationType{
			Actions: &types.CompromisedCredentialsActionsType{EventAction: "BLOCK"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	const refusal = "Provided password cannot be used for security reasons."
	_, err = w.SignUp(t.Context(), &idp.SignUpInput{ClientId: app.ClientId, Username: aws.String("eve"), Password: aws.String(leaked)})
	wants(t, err, "InvalidPasswordException", refusal)

	w.member(app, "ada")
	wants(t, w.changes(w.signIn(app, "ada"), password, leaked), "InvalidPasswordException", refusal)
	if _, err := w.forgot(app, "ada"); err != nil {
		t.Fatal(err)
	}
	code := w.codeTo("ada@example.org")
	wants(t, w.resets(app, "ada", code, leaked), "InvalidPasswordException", refusal)
	w.signIn(app, "ada") // by the password of before
	if err := w.resets(app, "ada", code, otherPassword); err != nil {
		t.Fatal("the code is used up:", err)
	}

	if err := w.setsPassword(pool, "ada", temporary, false); err != nil {
		t.Fatal(err)
	}
	asked, err := w.byPassword(app, "ada", temporary)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, "USERNAME", "ada", "NEW_PASSWORD", leaked)
	wants(t, err, "InvalidPasswordException", refusal)

	if err := w.setsPassword(pool, "ada", leaked, true); err != nil {
		t.Fatal(err)
	}
	_, err = w.byPassword(app, "ada", leaked)
	wants(t, err, "PasswordResetRequiredException", "Password reset required for the user due to security reasons")
	_, err = w.byPassword(app, "ada", leaked+"!")
	wants(t, err, notAuthorized, incorrect)

	// From then on it opens nothing, by SRP either, until another is set.
	_, err = w.bySRP(app, "ada", leaked)
	wants(t, err, "PasswordResetRequiredException", "Password reset required for the user")
	if got := w.status(pool, "ada"); got != "RESET_REQUIRED" {
		t.Errorf("status %s", got)
	}
	if _, err := w.forgot(app, "ada"); err != nil {
		t.Fatal(err)
	}
	if err := w.resets(app, "ada", w.codeTo("ada@example.org"), password); err != nil {
		t.Fatal(err)
	}
	w.signIn(app, "ada")
}
