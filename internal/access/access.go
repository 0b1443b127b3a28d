// Package access knows who calls and decides what they may do. It keeps access
// keys and roles, makes and reads temporary credentials, and is the Gate of the
// wire: every signed request is authenticated and authorised here. It answers
// the operations of IAM and STS.
//
// A signed request's story: Authenticate finds the secret of the access key (in
// the directory for a long-term key, inside the sealed session token for a
// temporary one) and lets package sigv4 check the signature. Authorize collects
// the policies that apply to the caller and lets package policy decide.
//
// Temporary credentials need no database read to verify: the session token is a
// sealed note of whose they are. What they may do is read from the role as it
// is now, so a changed or deleted role takes effect within a second everywhere.
package access

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"pintail/internal/clock"
	"pintail/internal/fresh"
	"pintail/internal/gen/sts"
	"pintail/internal/idp"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// Config is what the room is made of.
type Config struct {
	DB      store.DB
	Master  *keys.MasterKey
	Clock   *clock.Clock
	Account ids.Account
	// Dev makes a caller with an unknown long-term key the root user.
	Dev bool
	// Hosts are further names that clients may have signed for.
	Hosts []string
	// Providers judges the tokens of identity providers outside of this server.
	Providers *idp.Validator
}

// Service is the room.
type Service struct {
	db       store.DB
	clock    *clock.Clock
	account  ids.Account
	dev      bool
	sessions *keys.Sealer
	secrets  *keys.Sealer
	tokens   *store.Tokens
	verifier *sigv4.Verifier
	roles    *fresh.Cache[string, *role]      // by name in lower case; nil where there is none
	longTerm *fresh.Cache[string, *accessKey] // by id
	// standings are users' by their unique ids; nil where there is none.
	standings *fresh.Cache[string, *standing]
	documents *fresh.Cache[parsed, *policy.Document]
	// allowed judges a further action of the running request's caller.
	allowed   func(ctx context.Context, c *wire.Call, action, resource string, extra map[string]string) error
	providers *idp.Validator
	// webIdentity reads the tokens that AssumeRoleWithWebIdentity takes.
	webIdentity []TokenReader
}

// New returns the room over a directory.
func New(c Config) *Service {
	s := &Service{
		db: c.DB, clock: c.Clock, account: c.Account, dev: c.Dev,
		sessions:  c.Master.Sealer("access session"),
		secrets:   c.Master.Sealer("access secret key"),
		tokens:    store.NewTokens(c.Master.Sealer("access page token").MAC("key")),
		providers: c.Providers,
		roles:     fresh.New[string, *role](c.Clock.Now),
		longTerm:  fresh.New[string, *accessKey](c.Clock.Now),
		standings: fresh.New[string, *standing](c.Clock.Now),
		documents: fresh.New[parsed, *policy.Document](c.Clock.Now),
	}
	s.verifier = &sigv4.Verifier{
		Now: c.Clock.Now,
		Hosts: func(r *http.Request, scope sigv4.Scope) []string {
			return slices.Concat(awsHosts(scope), gatewayHosts(r, scope), c.Hosts)
		},
	}
	return s
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind {
	return []store.Kind{accessKeys, roles, users, groups, memberships, policies, attachments, openIDProviders, samlProviders, accountAliases}
}

// awsHosts are the names under which AWS itself serves what a scope names.
// Wrappers, service workers and reverse proxies leave them in the signature.
func awsHosts(scope sigv4.Scope) []string {
	region, ok := sigv4.CutRegion(scope.Region)
	if !ok {
		return nil
	}
	label := scope.Service
	if label == "mobiletargeting" {
		label = "pinpoint"
	}
	hosts := []string{label + "." + region + ".amazonaws.com", label + "." + region + ".api.aws"}
	if label == "sts" || label == "iam" {
		hosts = append(hosts, label+".amazonaws.com")
	}
	return hosts
}

// gatewayHosts are the names of an API Gateway that Amplify's provider
// "customer-profiles" insists on, where a wrapper has left one in the signature:
// that of an API "pintail", or of an API with the project's own id, which is the
// path's first segment.
func gatewayHosts(r *http.Request, scope sigv4.Scope) []string {
	region, ok := sigv4.CutRegion(scope.Region)
	if !ok || scope.Service != "execute-api" {
		return nil
	}
	project, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	suffix := ".execute-api." + region + ".amazonaws.com"
	return []string{"pintail" + suffix, project + suffix}
}

// Routes names every operation that the room answers.
func (s *Service) Routes(r *wire.Router) {
	s.allowed = r.Allowed
	s.routeUsers(r)
	s.routeGroups(r)
	s.routeRoles(r)
	s.routePolicies(r)
	s.routeProviders(r)
	s.routeAccount(r)
	wire.Handle(r, sts.GetCallerIdentity, s.getCallerIdentity, wire.Unconditional())
	wire.Handle(r, sts.GetAccessKeyInfo, s.getAccessKeyInfo)
	wire.Handle(r, sts.DecodeAuthorizationMessage, s.decodeAuthorizationMessage)
	wire.Handle(r, sts.AssumeRole, s.assumeRole, wire.Unconditional())
	wire.Handle(r, sts.AssumeRoleWithWebIdentity, s.assumeRoleWithWebIdentity)
	wire.Handle(r, sts.AssumeRoleWithSAML, s.assumeRoleWithSAML)
	wire.Handle(r, sts.GetSessionToken, s.getSessionToken, wire.Unconditional())
	wire.Handle(r, sts.GetFederationToken, s.getFederationToken)
}

// arn returns an IAM ARN of the server's account.
func (s *Service) arn(resource string) string {
	return "arn:aws:iam::" + s.account.String() + ":" + resource
}

var _ wire.Gate = (*Service)(nil)
