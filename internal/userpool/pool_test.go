package userpool_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pintail/internal/store"
	"pintail/internal/store/sqlite"
)

func TestPoolDefaults(t *testing.T) {
	t.Parallel()
	w := boot(t)
	created, err := w.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("bare")})
	if err != nil {
		t.Fatal(err)
	}
	p := created.UserPool
	if !regexp.MustCompile(`^us-east-1_[A-Za-z0-9]{9}$`).MatchString(*p.Id) {
		t.Errorf("id %q", *p.Id)
	}
	want := &types.UserPoolType{
		Id: p.Id, Name: aws.String("bare"), Arn: aws.String("arn:aws:cognito-idp:us-east-1:123456789012:userpool/" + *p.Id),
		Policies: &types.UserPoolPolicyType{
			PasswordPolicy: &types.PasswordPolicyType{
				MinimumLength: aws.Int32(8), RequireLowercase: true, RequireUppercase: true, RequireNumbers: true, RequireSymbols: true,
				TemporaryPasswordValidityDays: 7,
			},
			SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD"}},
		},
		DeletionProtection: "INACTIVE", LambdaConfig: &types.LambdaConfigType{}, MfaConfiguration: "OFF", UserPoolTier: "ESSENTIALS",
		EmailConfiguration:          &types.EmailConfigurationType{EmailSendingAccount: "COGNITO_DEFAULT"},
		AdminCreateUserConfig:       &types.AdminCreateUserConfigType{UnusedAccountValidityDays: 7},
		VerificationMessageTemplate: &types.VerificationMessageTemplateType{DefaultEmailOption: "CONFIRM_WITH_CODE"},
		UserPoolTags:                map[string]string{},
		CreationDate:                aws.Time(w.clock.Now()), LastModifiedDate: aws.Time(w.clock.Now()),
	}
	ignore := cmp.Options{cmpopts.IgnoreFields(types.UserPoolType{}, "SchemaAttributes"), unexported}
	if diff := cmp.Diff(want, p, ignore); diff != "" {
		t.Error(diff)
	}
	described, err := w.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: p.Id})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, described.UserPool, unexported); diff != "" {
		t.Error("described differs from created:", diff)
	}
}

// unexported skips the SDK's markers in its types.
var unexported = cmpopts.IgnoreUnexported(
	types.UserPoolType{}, types.UserPoolPolicyType{}, types.PasswordPolicyType{}, types.SignInPolicyType{}, types.LambdaConfigType{},
	types.EmailConfigurationType{}, types.AdminCreateUserConfigType{}, types.VerificationMessageTemplateType{},
	types.SchemaAttributeType{}, types.StringAttributeConstraintsType{}, types.NumberAttributeConstraintsType{},
	types.UserPoolClientType{}, types.RefreshTokenRotationType{}, types.TokenValidityUnitsType{}, types.CodeDeliveryDetailsType{},
	types.GroupType{}, types.ResourceServerType{}, types.ResourceServerScopeType{}, types.IdentityProviderType{}, types.ProviderDescription{},
	types.DomainDescriptionType{}, types.CustomDomainConfigType{}, types.RoutingType{}, types.FailoverType{},
)

func TestPoolPolicyThatIsGiven(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(12), RequireNumbers: true}}
		in.UserPoolTags = map[string]string{"team": "blue", "_custom_id_": "us-east-1_Chosen123"}
		in.SmsVerificationMessage = aws.String("Use {####}!")
		in.EmailVerificationMessage = aws.String("Old {####}")
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{EmailMessage: aws.String("New {####}")}
	})
	want := &types.PasswordPolicyType{MinimumLength: aws.Int32(12), RequireNumbers: true, TemporaryPasswordValidityDays: 7}
	if diff := cmp.Diff(want, p.Policies.PasswordPolicy, unexported); diff != "" {
		t.Error(diff)
	}
	if *p.Id != "us-east-1_Chosen123" {
		t.Errorf("id %s is not the one that the tag asks for", *p.Id)
	}
	if *p.EmailVerificationMessage != "New {####}" || *p.VerificationMessageTemplate.SmsMessage != "Use {####}!" {
		t.Errorf("template and older members disagree: %v %v", *p.EmailVerificationMessage, p.VerificationMessageTemplate)
	}
	_, err := w.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("again"), UserPoolTags: p.UserPoolTags})
	wants(t, err, invalidParameter, "User pool us-east-1_Chosen123 already exists.")
}

func TestPoolRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	tests := []struct {
		name    string
		change  func(*idp.CreateUserPoolInput)
		code    string
		message string
	}{
		{"names and aliases", func(in *idp.CreateUserPoolInput) {
			in.UsernameAttributes, in.AliasAttributes = []types.UsernameAttributeType{"email"}, []types.AliasAttributeType{"email"}
		}, invalidParameter, "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."},
		{"required alias", func(in *idp.CreateUserPoolInput) {
			in.AliasAttributes = []types.AliasAttributeType{"preferred_username"}
			in.Schema = []types.SchemaAttributeType{{Name: aws.String("preferred_username"), Required: aws.Bool(true)}}
		}, invalidParameter, "preferred_username cannot be both required and an alias."},
		{"a second factor that is none", func(in *idp.CreateUserPoolInput) { in.MfaConfiguration = "OPTIONAL" },
			invalidParameter, noSMS},
		{"a first factor and no room for a second", func(in *idp.CreateUserPoolInput) {
			in.MfaConfiguration, in.SmsConfiguration, in.Policies = "ON", smsRole, firstFactors("PASSWORD", "EMAIL_OTP")
		}, invalidParameter, "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"},
		{"passwordless in LITE", func(in *idp.CreateUserPoolInput) {
			in.UserPoolTier, in.Policies = "LITE", firstFactors("PASSWORD", "WEB_AUTHN")
		}, "FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Passwordless Sign-In"},
		{"threat protection in ESSENTIALS", func(in *idp.CreateUserPoolInput) {
			in.UserPoolAddOns = &types.UserPoolAddOnsType{AdvancedSecurityMode: "AUDIT"}
		}, "FeatureUnavailableInTierException", "The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection"},
		{"two features in LITE", func(in *idp.CreateUserPoolInput) {
			in.UserPoolTier = "LITE"
			in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{PasswordHistorySize: aws.Int32(3)}}
			in.LambdaConfig = &types.LambdaConfigType{PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{
				LambdaArn: lambda("claims"), LambdaVersion: "V2_0"}}
		}, "FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Password Reuse Prevention, Access Token Customization"},
		{"own sender without a key", func(in *idp.CreateUserPoolInput) {
			in.LambdaConfig = &types.LambdaConfigType{CustomSMSSender: &types.CustomSMSLambdaVersionConfigType{LambdaArn: lambda("sms"), LambdaVersion: "V1_0"}}
		}, invalidParameter, "KMSKeyID is required when CustomSMSSender or CustomEmailSender is set."},
		{"two functions for claims", func(in *idp.CreateUserPoolInput) {
			in.LambdaConfig = &types.LambdaConfigType{PreTokenGeneration: lambda("one"),
				PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaArn: lambda("two"), LambdaVersion: "V1_0"}}
		}, invalidParameter, "PreTokenGeneration and the LambdaArn of PreTokenGenerationConfig must be the same."},
		{"reserved tag", func(in *idp.CreateUserPoolInput) { in.UserPoolTags = map[string]string{"AWS:team": "blue"} },
			"UserPoolTaggingException", "Tag keys that begin with aws: are reserved."},
		{"update settings", func(in *idp.CreateUserPoolInput) {
			in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{"phone_number"}}
		}, invalidParameter, "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"},
		{"admin_only with others", func(in *idp.CreateUserPoolInput) {
			in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
				{Name: "verified_email", Priority: aws.Int32(1)}, {Name: "admin_only", Priority: aws.Int32(2)}}}
		}, invalidParameter, "Invalid account recovery setting parameter. Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms."},
		{"own mail without a source", func(in *idp.CreateUserPoolInput) {
			in.EmailConfiguration = &types.EmailConfigurationType{EmailSendingAccount: "DEVELOPER"}
		}, invalidParameter, "SourceArn is required when EmailSendingAccount is DEVELOPER."},
		{"no password factor", func(in *idp.CreateUserPoolInput) {
			in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"EMAIL_OTP"}}}
		}, invalidParameter, "AllowedFirstAuthFactors must contain PASSWORD."},
		{"foreign id", func(in *idp.CreateUserPoolInput) {
			in.UserPoolTags = map[string]string{"_custom_id_": "eu-west-1_Chosen123"}
		},
			invalidParameter, "The tag _custom_id_ must hold a user pool id of this region, such as us-east-1_Example01."},
		{"message without a code", func(in *idp.CreateUserPoolInput) { in.SmsVerificationMessage = aws.String("hello there") },
			invalidParameter, `1 validation error detected: Value 'hello there' at 'smsVerificationMessage' failed to satisfy constraint: Member must satisfy regular expression pattern: .*\{####\}.*`},
		{"no number", func(in *idp.CreateUserPoolInput) { in.PoolName = aws.String("a\u0000b") },
			invalidParameter, "1 validation error detected: Value 'a\u0000b' at 'poolName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w\\s+=,.@-]+"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := &idp.CreateUserPoolInput{PoolName: aws.String("refused"), AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}
			test.change(in)
			_, err := w.CreateUserPool(t.Context(), in)
			wants(t, err, test.code, test.message)
		})
	}
	listed, err := w.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(60)})
	if err != nil || len(listed.UserPools) != 0 {
		t.Errorf("refused pools exist: %v %v", listed, err)
	}
}

func TestListPools(t *testing.T) {
	t.Parallel()
	w := boot(t)
	var created []string
	for range 3 {
		created = append(created, *w.pool().Id)
	}
	elsewhere := w.clientIn("eu-west-1")
	other, err := elsewhere.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("other")})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(created)

	var listed []string
	everyPage(t, idp.NewListUserPoolsPaginator(w.Client, &idp.ListUserPoolsInput{MaxResults: aws.Int32(2)}), func(page *idp.ListUserPoolsOutput) {
		for _, p := range page.UserPools {
			listed = append(listed, *p.Id)
		}
	})
	if !slices.Equal(listed, created) {
		t.Errorf("listed %v, want %v", listed, created)
	}
	_, err = w.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(2), NextToken: aws.String("made-up")})
	wants(t, err, invalidParameter, "Invalid pagination token.")
	// A pool is not there for callers of another region.
	_, err = w.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: other.UserPool.Id})
	wants(t, err, "ResourceNotFoundException", "User pool "+*other.UserPool.Id+" does not exist.")
	_, err = w.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: other.UserPool.Id})
	wants(t, err, "ResourceNotFoundException", "User pool "+*other.UserPool.Id+" does not exist.")
}

func TestDeletePool(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p, kept := w.pool(), w.pool()
		app, keptApp := w.app(p), w.app(kept)
		w.member(app, "ada")
		w.member(keptApp, "ada")
		tokens := w.signIn(app, "ada")
		if described, err := w.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: p.Id}); err != nil || described.UserPool.EstimatedNumberOfUsers != 1 {
			t.Fatalf("%v %v, want a pool of one user", described, err)
		}
		if _, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
		_, err := w.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: p.Id})
		wants(t, err, "ResourceNotFoundException", "User pool "+*p.Id+" does not exist.")
		_, err = w.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
		wants(t, err, notAuthorized, "Invalid Access Token")
		_, err = w.byPassword(app, "ada", password)
		wants(t, err, "ResourceNotFoundException", "User pool client "+*app.ClientId+" does not exist.")
		_, err = w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id})
		wants(t, err, "ResourceNotFoundException", "User pool "+*p.Id+" does not exist.")
		w.signIn(keptApp, "ada") // the other pool has lost nothing
	})
}

func TestDeletionProtection(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(func(in *idp.CreateUserPoolInput) { in.DeletionProtection = "ACTIVE" })
	_, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id})
	wants(t, err, invalidParameter, "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
}

// A node sees within a second what another node over the same directory changed.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	here := w.Client
	w.start()
	there := w.Client
	w.signIn(app, "ada") // which makes the second node remember the client
	if _, err := here.DeleteUserPoolClient(t.Context(), &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Second)
	_, err := there.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("ada")})
	wants(t, err, "ResourceNotFoundException", "User pool client "+*app.ClientId+" does not exist.")
}

// What one node has changed holds at once for what another one configures by it.
func TestSettingsOnTwoNodes(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	here := w.Client
	w.start()
	w.work()
	remembers := func() {
		t.Helper()
		if err := does(t, w.GetSigningCertificate, &idp.GetSigningCertificateInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
	}
	remembers()
	err := does(t, here.AddCustomAttributes, &idp.AddCustomAttributesInput{
		UserPoolId: p.Id, CustomAttributes: []types.SchemaAttributeType{{Name: aws.String("tier"), AttributeDataType: "String", Mutable: aws.Bool(true)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.app(p, func(in *idp.CreateUserPoolClientInput) { in.ReadAttributes = []string{"custom:tier"} })
	err = does(t, w.UpdateUserPoolClient, &idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId, WriteAttributes: []string{"custom:tier"}})
	if err != nil {
		t.Error(err)
	}
	columns := append([]string{"custom:tier"}, w.header(w.pool())...)
	j := w.imported(p, strings.Join(columns, ",")+"\n"+person(columns, "ada", "custom:tier", "gold"))
	wantJob(t, j, "Succeeded", "Import Job Completed Successfully.", 1, 0, 0)

	remembers()
	if err := does(t, here.UpdateUserPool, &idp.UpdateUserPoolInput{UserPoolId: p.Id, UserPoolTier: "PLUS", UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: "AUDIT"}}); err != nil {
		t.Fatal(err)
	}
	if err := does(t, w.SetRiskConfiguration, &idp.SetRiskConfigurationInput{UserPoolId: p.Id, CompromisedCredentialsRiskConfiguration: block()}); err != nil {
		t.Error(err)
	}
	w.risks(p, nil)
}

// Whoever reads the disk does not learn what lets one in.
func TestSecretsAtRest(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := bootOn(t, func(t testing.TB) store.DB {
		db, err := sqlite.Open(t.Context(), filepath.Join(folder, "directory.db"), kinds()...)
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
	p := w.pool()
	app, closed := w.app(p), w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
	w.signUp(app, "findable-username", "email", "ada@example.org")
	asked, err := w.challenge(app, "findable-username", srpClient(app, password))
	if err != nil {
		t.Fatal(err)
	}
	var disk []byte
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		disk = append(disk, content...)
	}
	salt, err := hex.DecodeString(asked.ChallengeParameters["SALT"])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(disk, []byte("findable-username")) {
		t.Fatal("the search finds nothing at all")
	}
	for name, secret := range map[string]string{
		"client secret": *closed.ClientSecret, "password": password, "salt": asked.ChallengeParameters["SALT"],
		"raw salt": string(salt), "salt in base64": base64.StdEncoding.EncodeToString(salt)[:20],
		"code in a message": w.messageTo("ada@example.org").Body, "key": "PRIVATE KEY",
	} {
		if bytes.Contains(disk, []byte(secret)) {
			t.Errorf("the disk holds the %s in clear", name)
		}
	}
}
