package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/userpool/regions"
)

// projectTag marks what belongs to a project, so that nothing is taken over, or deleted,
// that somebody made under the same name.
const projectTag = "pintail:project"

// project is what there is of one. Ids are "" where there is nothing.
type project struct {
	Name, Account                           string
	App, UserPool, PoolClient, IdentityPool string
	AppRegion                               string // of the Pinpoint application
	Guest, User                             string // names of the roles
}

// newProject returns a project of which nothing is known. Its roles are named as Mobile Hub
// named them.
func newProject(name, account string) project {
	digits := fnv.New32a()
	_, _ = io.WriteString(digits, account+"/"+name)
	suffix := fmt.Sprintf("_MOBILEHUB_%010d", digits.Sum32())
	return project{Name: name, Account: account, Guest: name + "_unauth" + suffix, User: name + "_auth" + suffix}
}

type projectPart struct{ what, id string }

func (p project) parts() []projectPart {
	return []projectPart{
		{"Pinpoint application", p.App}, {"user pool", p.UserPool}, {"app client", p.PoolClient}, {"identity pool", p.IdentityPool},
		{"role of guests", p.Guest}, {"role of users", p.User},
	}
}

func (p project) roleARN(name string) string { return "arn:aws:iam::" + p.Account + ":role/" + name }

// projectMaker makes what is missing of a project, in an order in which every part can
// name those before it.
type projectMaker struct {
	*client
	project project
	plan    bool // only look
	out     io.Writer
	found   int // parts that there were
}

// make finds every part, and makes it if it is not there.
func (m *projectMaker) make(ctx context.Context) error {
	p := &m.project
	steps := []struct {
		what   string
		id     *string
		find   func(context.Context) (string, error)
		create func(context.Context) (string, error)
	}{
		{"Pinpoint application", &p.App, m.findApp, m.createApp},
		{"user pool", &p.UserPool, m.findPool, m.createPool},
		{"app client", &p.PoolClient, m.findClient, m.createClient},
		{"identity pool", &p.IdentityPool, m.findIdentityPool, m.createIdentityPool},
		{"role of guests", &p.Guest, m.findRole(p.Guest), m.createRole(p.Guest, "unauthenticated")},
		{"role of users", &p.User, m.findRole(p.User), m.createRole(p.User, "authenticated")},
	}
	for _, step := range steps {
		id, err := step.find(ctx)
		did := "have"
		switch {
		case err != nil:
			return fmt.Errorf("looking for the %s: %w", step.what, err)
		case id != "":
			m.found++
		case m.plan:
			did = "make"
		default:
			if id, err = step.create(ctx); err != nil {
				return fmt.Errorf("making the %s: %w", step.what, err)
			}
			did = "made"
		}
		*step.id = id
		fmt.Fprintf(m.out, "%s  %-22s %s\n", did, step.what, id)
	}
	if m.plan {
		return nil
	}
	return m.giveRoles(ctx)
}

func (m *projectMaker) findApp(ctx context.Context) (string, error) {
	for token := ""; ; {
		var page struct {
			Item []struct {
				Id, Name, Arn string
				Tags          map[string]string `json:"tags"`
			}
			NextToken string
		}
		if err := m.rest(ctx, http.MethodGet, "/v1/apps?page-size=100&token="+url.QueryEscape(token), pinpoint.Service.SigningName, nil, &page); err != nil {
			return "", err
		}
		for _, app := range page.Item {
			if app.Name == m.project.Name && app.Tags[projectTag] == m.project.Name {
				m.project.AppRegion = arnRegion(app.Arn)
				return app.Id, nil
			}
		}
		if token = page.NextToken; token == "" {
			return "", nil
		}
	}
}

// arnRegion is the region that an ARN names.
func arnRegion(arn string) string {
	parts := strings.SplitN(arn, ":", 5)
	if len(parts) < 5 {
		return ""
	}
	return parts[3]
}

func (m *projectMaker) tags() map[string]string { return map[string]string{projectTag: m.project.Name} }

// createApp makes the application in the region that is nearest to the server's, among those
// that its user pools can report to.
func (m *projectMaker) createApp(ctx context.Context) (string, error) {
	there := *m.client
	there.Region = cmp.Or(regions.Of(m.Region).Nearest(), m.Region)
	m.project.AppRegion = there.Region
	var app struct{ Id string }
	in := map[string]any{"Name": m.project.Name, "tags": m.tags()}
	err := there.rest(ctx, http.MethodPost, "/v1/apps", pinpoint.Service.SigningName, in, &app)
	return app.Id, err
}

// listedPool is a user pool in a list.
type listedPool struct{ Id, Name string }

// eachPool hands every user pool to fn.
func (c *client) eachPool(ctx context.Context, fn func(listedPool) error) error {
	for token := ""; ; {
		var page struct {
			UserPools []listedPool
			NextToken string
		}
		in := map[string]any{"MaxResults": 60}
		if token != "" {
			in["NextToken"] = token
		}
		if err := c.idp(ctx, "ListUserPools", in, &page); err != nil {
			return err
		}
		for _, p := range page.UserPools {
			if err := fn(p); err != nil {
				return err
			}
		}
		if token = page.NextToken; token == "" {
			return nil
		}
	}
}

// poolMark is the project that a user pool belongs to, "" for none.
func (c *client) poolMark(ctx context.Context, id string) (string, error) {
	var out struct {
		UserPool struct{ UserPoolTags map[string]string }
	}
	err := c.idp(ctx, "DescribeUserPool", map[string]any{"UserPoolId": id}, &out)
	return out.UserPool.UserPoolTags[projectTag], err
}

func (m *projectMaker) findPool(ctx context.Context) (id string, err error) {
	err = m.eachPool(ctx, func(p listedPool) error {
		if id != "" || p.Name != m.project.Name {
			return nil
		}
		mark, err := m.poolMark(ctx, p.Id)
		if mark == m.project.Name {
			id = p.Id
		}
		return err
	})
	return id, err
}

func (m *projectMaker) createPool(ctx context.Context) (string, error) {
	var out struct{ UserPool struct{ Id string } }
	err := m.idp(ctx, "CreateUserPool", map[string]any{
		"PoolName": m.project.Name, "AutoVerifiedAttributes": []string{"email"}, "UserPoolTags": m.tags(),
		"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": []any{map[string]any{"Name": "verified_email", "Priority": 1}}},
	}, &out)
	return out.UserPool.Id, err
}

func (m *projectMaker) findClient(ctx context.Context) (string, error) {
	if m.project.UserPool == "" {
		return "", nil
	}
	var page struct {
		UserPoolClients []struct{ ClientId, ClientName string }
	}
	err := m.idp(ctx, "ListUserPoolClients", map[string]any{"UserPoolId": m.project.UserPool, "MaxResults": 60}, &page)
	for _, c := range page.UserPoolClients {
		if c.ClientName == m.project.Name {
			return c.ClientId, err
		}
	}
	return "", err
}

// createClient makes the app's client: without a secret, which an app cannot keep, and with
// analytics, where the region has them.
func (m *projectMaker) createClient(ctx context.Context) (string, error) {
	var out struct{ UserPoolClient struct{ ClientId string } }
	in := map[string]any{
		"UserPoolId": m.project.UserPool, "ClientName": m.project.Name, "GenerateSecret": false,
		"ExplicitAuthFlows":          []string{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		"PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": true,
	}
	if regions.Of(m.Region).Reports() {
		in["AnalyticsConfiguration"] = map[string]any{
			"ApplicationArn": "arn:aws:mobiletargeting:" + m.project.AppRegion + ":" + m.Account + ":apps/" + m.project.App, "UserDataShared": true,
		}
	}
	err := m.idp(ctx, "CreateUserPoolClient", in, &out)
	return out.UserPoolClient.ClientId, err
}

func (m *projectMaker) findIdentityPool(ctx context.Context) (string, error) {
	for token := ""; ; {
		var page struct {
			IdentityPools []struct{ IdentityPoolId, IdentityPoolName string }
			NextToken     string
		}
		in := map[string]any{"MaxResults": 60}
		if token != "" {
			in["NextToken"] = token
		}
		if err := m.identity(ctx, "ListIdentityPools", in, &page); err != nil {
			return "", err
		}
		for _, p := range page.IdentityPools {
			if p.IdentityPoolName != m.project.Name {
				continue
			}
			var pool struct{ IdentityPoolTags map[string]string }
			if err := m.identity(ctx, "DescribeIdentityPool", map[string]any{"IdentityPoolId": p.IdentityPoolId}, &pool); err != nil {
				return "", err
			}
			if pool.IdentityPoolTags[projectTag] == m.project.Name {
				return p.IdentityPoolId, nil
			}
		}
		if token = page.NextToken; token == "" {
			return "", nil
		}
	}
}

func (m *projectMaker) createIdentityPool(ctx context.Context) (string, error) {
	var out struct{ IdentityPoolId string }
	err := m.identity(ctx, "CreateIdentityPool", map[string]any{
		"IdentityPoolName": m.project.Name, "AllowUnauthenticatedIdentities": true, "IdentityPoolTags": m.tags(),
		"CognitoIdentityProviders": []any{map[string]any{
			"ProviderName": "cognito-idp." + m.Region + ".amazonaws.com/" + m.project.UserPool, "ClientId": m.project.PoolClient,
		}},
	}, &out)
	return out.IdentityPoolId, err
}

func (m *projectMaker) iam(ctx context.Context, action string, form url.Values, out any) error {
	return m.query(ctx, iam.Service.SigningName, iam.Service.APIVersion, action, form, out)
}

func (m *projectMaker) findRole(name string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var out struct {
			Tags []struct{ Key, Value string } `xml:"GetRoleResult>Role>Tags>member"`
		}
		err := m.iam(ctx, "GetRole", url.Values{"RoleName": {name}}, &out)
		if isAbsent(err) {
			return "", nil
		}
		for _, tag := range out.Tags {
			if tag.Key == projectTag && tag.Value == m.project.Name {
				return name, err
			}
		}
		return "", err // somebody else's, which making one will say
	}
}

// createRole makes a role that an identity of the project's pool can have, and that may
// report to the project's application.
func (m *projectMaker) createRole(name, amr string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		trust, report, signIn, err := m.project.documents(amr)
		if err != nil {
			return "", err
		}
		err = m.iam(ctx, "CreateRole", url.Values{
			"RoleName": {name}, "AssumeRolePolicyDocument": {trust}, "Description": {"The " + amr + " identities of " + m.project.Name},
			"Tags.member.1.Key": {projectTag}, "Tags.member.1.Value": {m.project.Name},
		}, nil)
		for policy, document := range map[string]string{"mobileanalytics_MOBILEHUB": report, "signin_MOBILEHUB": signIn} {
			if err == nil {
				err = m.iam(ctx, "PutRolePolicy", url.Values{"RoleName": {name}, "PolicyName": {name + "_" + policy}, "PolicyDocument": {document}}, nil)
			}
		}
		return name, err
	}
}

// giveRoles gives the roles to the identity pool, unless it has some: it is new then, or
// whoever made it was interrupted.
func (m *projectMaker) giveRoles(ctx context.Context) error {
	var have struct{ Roles map[string]string }
	err := m.identity(ctx, "GetIdentityPoolRoles", map[string]any{"IdentityPoolId": m.project.IdentityPool}, &have)
	if err != nil || len(have.Roles) > 0 {
		return err
	}
	return m.identity(ctx, "SetIdentityPoolRoles", map[string]any{
		"IdentityPoolId": m.project.IdentityPool,
		"Roles":          map[string]string{"unauthenticated": m.project.roleARN(m.project.Guest), "authenticated": m.project.roleARN(m.project.User)},
	}, nil)
}

// documents are a role's trust policy and what it may do: as Mobile Hub's roles, but for
// this application alone.
func (p project) documents(amr string) (trust, report, signIn string, err error) {
	type object = map[string]any
	document := func(statements ...object) (text string) {
		if err != nil {
			return ""
		}
		var encoded []byte
		encoded, err = json.Marshal(object{"Version": "2012-10-17", "Statement": statements})
		return string(encoded)
	}
	const provider = "cognito-identity.amazonaws.com"
	trust = document(object{
		"Effect": "Allow", "Principal": object{"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
		"Condition": object{"StringEquals": object{provider + ":aud": p.IdentityPool}, "ForAnyValue:StringLike": object{provider + ":amr": amr}},
	})
	report = document(
		object{"Effect": "Allow", "Action": "mobileanalytics:PutEvents", "Resource": "*"},
		object{"Effect": "Allow", "Action": []string{"mobiletargeting:UpdateEndpoint", "mobiletargeting:PutEvents"}, "Resource": "arn:aws:mobiletargeting:*:" + p.Account + ":apps/" + p.App + "/*"})
	signIn = document(object{"Effect": "Allow", "Action": "cognito-identity:GetId", "Resource": "arn:aws:cognito-identity:*:*:identitypool/" + p.IdentityPool})
	return trust, report, signIn, err
}

// deleteProject deletes every part that there is, the last made first.
func (c *client) deleteProject(ctx context.Context, p project) error {
	m := &projectMaker{client: c, project: p}
	for _, role := range []string{p.User, p.Guest} {
		if role == "" {
			continue
		}
		for _, policy := range []string{"mobileanalytics_MOBILEHUB", "signin_MOBILEHUB"} {
			if err := m.iam(ctx, "DeleteRolePolicy", url.Values{"RoleName": {role}, "PolicyName": {role + "_" + policy}}, nil); err != nil && !isAbsent(err) {
				return err
			}
		}
		if err := m.iam(ctx, "DeleteRole", url.Values{"RoleName": {role}}, nil); err != nil {
			return err
		}
	}
	if p.IdentityPool != "" {
		if err := c.identity(ctx, "DeleteIdentityPool", map[string]any{"IdentityPoolId": p.IdentityPool}, nil); err != nil {
			return err
		}
	}
	if p.UserPool != "" {
		if err := c.idp(ctx, "DeleteUserPool", map[string]any{"UserPoolId": p.UserPool}, nil); err != nil {
			return err
		}
	}
	if p.App == "" {
		return nil
	}
	return c.rest(ctx, http.MethodDelete, "/v1/apps/"+p.App, pinpoint.Service.SigningName, nil, nil)
}
