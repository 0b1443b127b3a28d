package userpool_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/sigv4"
	"pintail/internal/userpool"
)

// createHashed makes a job whose file has password hashes, which Amazon's client
// cannot say yet.
func (w *world) createHashed(p *types.UserPoolType, algorithm string) *types.UserImportJobType {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{
		"UserPoolId": p.Id, "JobName": "move", "CloudWatchLogsRoleArn": logRole, "PasswordHashingAlgorithm": algorithm,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.CreateUserImportJob")
	sigv4.Sign(r, body, sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", Secret: "secret"}, region, "cognito-idp", time.Now())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	var out struct {
		UserImportJob struct{ JobId, PreSignedUrl, PasswordHashingAlgorithm string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil || answer.StatusCode != 200 {
		w.t.Fatalf("%s, %v", answer.Status, err)
	}
	if out.UserImportJob.PasswordHashingAlgorithm != algorithm {
		w.t.Errorf("answer %+v", out)
	}
	return &types.UserImportJobType{UserPoolId: p.Id, JobId: &out.UserImportJob.JobId, PreSignedUrl: &out.UserImportJob.PreSignedUrl}
}

// hashOfABC is the bcrypt hash of "abc", with 2^6 rounds.
const hashOfABC = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"

// importHashed imports somebody with the bcrypt hash of a password.
func (w *world) importHashed(p *types.UserPoolType, username, hash string) {
	w.t.Helper()
	columns := append(w.header(p), "password_hash")
	j := w.createHashed(p, "BCRYPT")
	file := strings.Join(columns, ",") + "\n" + person(columns, username, "password_hash", hash)
	if status, text := w.put(*j.PreSignedUrl, strings.NewReader(file)); status != http.StatusOK {
		w.t.Fatalf("%d %s", status, text)
	}
	if _, err := w.startImport(j); err != nil {
		w.t.Fatal(err)
	}
	w.await(j)
}

func TestImportOfPasswordHashes(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.work()
	p := w.pool()
	plain := w.header(p)
	columns := append(slices.Clone(plain), "password_hash")
	const hash = hashOfABC
	run := func(j *types.UserImportJobType, file string) *types.UserImportJobType {
		t.Helper()
		if status, text := w.put(*j.PreSignedUrl, strings.NewReader(file)); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		if _, err := w.startImport(j); err != nil {
			t.Fatal(err)
		}
		w.await(j)
		return w.theImport(j)
	}
	j := w.createHashed(p, "BCRYPT")
	done := run(j, strings.Join(columns, ",")+"\n"+
		person(columns, "ada", "password_hash", hash)+
		person(columns, "bob")+
		person(columns, "eve", "password_hash", "$2a$13"+hash[6:])+
		person(columns, "dan", "password_hash", "abc"))
	wantJob(t, done, "Succeeded", "Import Job Completed Successfully.", 2, 0, 2)
	want := []string{
		"[SUCCEEDED] Line Number 2 - The import succeeded.",
		"[SUCCEEDED] Line Number 3 - The import succeeded.",
		"[FAILED] Line Number 4 - Attributes did not conform to the schema: password_hash: The parameters of the password hash are out of bounds for BCRYPT.",
		"[FAILED] Line Number 5 - Attributes did not conform to the schema: password_hash: The password hash is not in the form of BCRYPT.",
	}
	if diff := cmp.Diff(want, w.importLog(j)); diff != "" {
		t.Error(diff)
	}
	for name, status := range map[string]types.UserStatusType{"ada": "CONFIRMED", "bob": "RESET_REQUIRED"} {
		u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: &name})
		if err != nil {
			t.Fatal(err)
		}
		if u.UserStatus != status {
			t.Errorf("%s is %s, want %s", name, u.UserStatus, status)
		}
	}
	for password, want := range map[string]bool{"abc": true, "abd": false, "": false, hash: false} {
		if got, err := userpool.MatchesHash(t.Context(), w.service, *p.Id, "ada", password); got != want || err != nil {
			t.Errorf("%q matches: %v, %v", password, got, err)
		}
	}
	if got, err := userpool.MatchesHash(t.Context(), w.service, *p.Id, "bob", "abc"); got || err != nil {
		t.Errorf("a user without a hash: %v, %v", got, err)
	}

	// The first sign-in is by the password in clear, wrong ones count, and afterwards
	// SRP works too.
	app := w.app(p)
	if _, err := w.bySRP(app, "ada", "abc"); err == nil {
		t.Error("SRP before the first sign-in")
	}
	_, err := w.byPassword(app, "ada", "abd")
	wants(t, err, notAuthorized, "Incorrect username or password.")
	for range 2 {
		if _, err := w.byPassword(app, "ada", "abc"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := userpool.MatchesHash(t.Context(), w.service, *p.Id, "ada", "abc"); got || err != nil {
		t.Errorf("the hash is kept: %v, %v", got, err)
	}
	if _, err := w.bySRP(app, "ada", "abc"); err != nil {
		t.Errorf("SRP afterwards: %v", err)
	}
	_, err = w.byPassword(app, "bob", "abc")
	wants(t, err, "PasswordResetRequiredException", "Password reset required for the user")

	lacking := run(w.createHashed(p, "SCRYPT"), strings.Join(plain, ",")+"\n"+person(plain, "zoe"))
	wantJob(t, lacking, "Failed", "The header lacks the column: password_hash.", 0, 0, 0)
	unasked := w.imported(p, strings.Join(columns, ",")+"\n"+person(columns, "zoe")+person(columns, "max", "password_hash", hash))
	wantJob(t, unasked, "Succeeded", "Import Job Completed Successfully.", 1, 0, 1)
}

// Somebody who came in without the password that they were imported with can change it.
func TestChangeOfAnImportedPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.work()
	p, app := w.choicePool(false)
	w.importHashed(p, "ada", hashOfABC)
	asked, err := w.begin(app, nil, "USERNAME", "ada", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	if err != nil {
		t.Fatal(err)
	}
	in, err := w.respond(app, "EMAIL_OTP", asked.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", w.otpTo("ada@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "abcdefgh"} {
		wants(t, w.changes(in.AuthenticationResult, wrong, password), notAuthorized, incorrect)
	}
	if err := w.changes(in.AuthenticationResult, "abc", password); err != nil {
		t.Fatal(err)
	}
	if got, err := userpool.MatchesHash(t.Context(), w.service, *p.Id, "ada", "abc"); got || err != nil {
		t.Errorf("the hash is kept: %v, %v", got, err)
	}
	if _, err := w.bySRP(app, "ada", password); err != nil {
		t.Error(err)
	}
}

// The password that somebody was imported with is in their history like any other.
func TestHistoryOfAnImportedPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.work()
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(8), PasswordHistorySize: aws.Int32(2)}}
	})
	app := w.app(p)
	const imported = "~!@#$%^&*()      ~!@#$%^&*()PNBFRD"
	w.importHashed(p, "ada", "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO")
	reset := func(password string) error {
		t.Helper()
		if _, err := w.forgot(app, "ada"); err != nil {
			t.Fatal(err)
		}
		return w.resets(app, "ada", w.codeTo("ada@example.org"), password)
	}
	for _, next := range []string{otherPassword, "a-third-one"} {
		wants(t, reset(imported), "PasswordHistoryPolicyViolationException", "Password has previously been used.")
		if err := reset(next); err != nil {
			t.Fatal(err)
		}
	}
	if err := reset(imported); err != nil {
		t.Errorf("the last but two is forgotten: %v", err)
	}
}
