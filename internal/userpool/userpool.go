// Package userpool answers the user pools API (cognito-idp): pools and their app
// clients, people with their attributes, the codes that prove an address, and
// sign-in with the tokens that it gives.
//
// A person's story: SignUp keeps an unconfirmed user and sends a code in the same
// transaction; ConfirmSignUp takes the code; InitiateAuth and
// RespondToAuthChallenge let somebody show a password, by SRP or in clear, and
// answer with an ID token, an access token and a refresh token. The access token
// is then the key to GetUser, UpdateUserAttributes and their like.
//
// The composition root builds the room with [New], hands [Collections] to the
// directory and the room's [Service.Routes] to the router. Identity pools ask
// [Service.VerifyIDToken] whom a token speaks for.
//
// # State
//
// Everything durable is in the directory. A sign-in writes nothing there: the
// server's half of an SRP exchange travels sealed in the challenge, and tokens
// carry what is needed to judge them. Only what takes a right away is stored: that
// a sign-in was revoked, that a user signed out everywhere, that a password was
// wrong. What app clients report to Pinpoint waits in memory until it is recorded
// there. Pools, clients and signing keys are held in memory, for at most a second
// longer than another node may have changed them.
package userpool

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"pintail/internal/clock"
	"pintail/internal/delivery"
	"pintail/internal/fresh"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/job"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/userpool/breached"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// Sender takes a message to a person, inside the transaction that makes it
// necessary. The outbox is one.
type Sender interface {
	Send(tx store.Tx, m delivery.Message) error
}

// Config is what the room is made of.
type Config struct {
	DB     store.DB
	Master *keys.MasterKey
	Clock  *clock.Clock
	// Account owns the pools.
	Account string
	// BaseURL returns how clients reach this server, without a slash at the end.
	// It is asked for each token, since a listener may learn its port late. The
	// issuer of a pool's tokens is BaseURL()/<pool id>.
	BaseURL func() string
	Sender  Sender
	// Triggers calls the functions of pools' LambdaConfig, and knows where the
	// destinations of their logs are.
	Triggers *trigger.Invoker
	// Breached are the passwords that risk configurations look for; nil for none.
	Breached *breached.List
	// CodesPerSource is how many codes one address can make the server send, or get
	// wrong, in an hour and a pool. 0 sets no limit.
	CodesPerSource int
	// Jobs runs user imports and delivers logs.
	Jobs *job.Queue
	// Log is told what the owner of the server should know; nil for nobody.
	Log *slog.Logger
	// Roles are how app clients get leave to report to a Pinpoint project; nil leaves them
	// without.
	Roles Roles
	// Analytics is what they report to; nil for nobody.
	Analytics Analytics
	// ObserveReports is told what becomes of reports; may be nil.
	ObserveReports func(outcome string, n int)
}

// Roles looks after the roles by which app clients report.
type Roles interface {
	// MayPass refuses a caller who may not hand a role to user pools.
	MayPass(ctx context.Context, c *wire.Call, roleARN string) error
	// MayLink refuses a caller who may not have the role made, where there is none yet.
	MayLink(ctx context.Context, c *wire.Call) error
	// Link makes the role if there is none, lets it report to an application, and returns
	// its ARN.
	Link(tx store.Tx, c *wire.Call, appARN string) (roleARN string, err error)
}

// Service is the room.
type Service struct {
	db        store.DB
	clock     *clock.Clock
	account   string
	baseURL   func() string
	sender    Sender
	triggers  *trigger.Invoker // calls the functions of pools' LambdaConfig
	breached  *breached.List
	perSource int
	jobs      *job.Queue
	log       *slog.Logger
	roles     Roles
	analytics Analytics

	observeReports func(outcome string, n int)
	reportsQueue   reportQueue

	verifiers  *keys.Sealer // users' SRP verifiers
	secrets    *keys.Sealer // clients' secrets
	signing    *keys.Sealer // pools' signing keys
	challenges *keys.Sealer // what a client carries from one step of a sign-in to the next
	refreshes  *keys.Sealer // refresh tokens
	codes      *keys.Sealer // MACs of codes
	seeds      *keys.Sealer // secrets of authenticator apps
	deviceKeys *keys.Sealer // devices' SRP verifiers, and MACs from which their keys are made
	decoys     *keys.Sealer // MACs from which users that do not exist are made up
	feedbacks  *keys.Sealer // what lets a user say whether an event was theirs
	uploads    *keys.Sealer // files of user imports, and the right to upload them
	idpSecrets *keys.Sealer // identity providers' secrets
	addressIDs *keys.Sealer // MACs from which the endpoints of shared addresses are named
	pages      *store.Tokens

	newKeys   keySource
	pools     *fresh.Cache[string, *pool]
	clients   *fresh.Cache[string, *client]
	sizes     estimates
	waiting   logRooms
	maxLogs   int                               // of a pool, that wait
	unplaced  sync.Map                          // the ARNs of logs of which the log has said that nothing is known
	risks     *fresh.Cache[riskKey, *riskRules] // nil where there is no configuration
	turns     turns
	migrating turns                 // of names that a UserMigration function is asked about
	spent     *memory[bool]         // challenges that were answered rightly
	unknowns  *memory[attempts]     // attempts on users that do not exist
	sources   *memory[attempts]     // codes by where their callers are
	checked   *memory[checkedToken] // access tokens whose signature is good, by their hash

	shared     *memory[addressStates] // what a project was seen to have, by project and sub
	complaints *memory[time.Time]     // when the log was last told of a client's reports

	slowHashes chan struct{} // holds one for every imported hash that is being checked
	pace       pace          // hides in time who exists
}

const (
	// sharedFor is how long a project that has a user's addresses is not asked for them.
	sharedFor = 10 * time.Minute
	// drainReports is how long reports that wait may take when the server stops.
	drainReports = 10 * time.Second
)

// checkedFor is how long a token is remembered whose signature was checked.
const checkedFor = 5 * time.Minute

// New returns the room over a directory. Once it has made a pool it makes signing
// keys for the next one in the background, until [Service.Close].
func New(c Config) *Service {
	s := &Service{
		db:         c.DB,
		clock:      c.Clock,
		account:    c.Account,
		baseURL:    c.BaseURL,
		sender:     c.Sender,
		triggers:   c.Triggers,
		breached:   c.Breached,
		perSource:  c.CodesPerSource,
		jobs:       c.Jobs,
		log:        cmp.Or(c.Log, slog.New(slog.DiscardHandler)),
		roles:      c.Roles,
		analytics:  c.Analytics,
		shared:     newMemory[addressStates](sharedFor, 1<<14),
		complaints: newMemory[time.Time](complainEvery, 1<<10),
		addressIDs: c.Master.Sealer("userpool shared address"),
		verifiers:  c.Master.Sealer("userpool verifier"),
		secrets:    c.Master.Sealer("userpool client secret"),
		signing:    c.Master.Sealer("userpool signing key"),
		challenges: c.Master.Sealer("userpool challenge"),
		refreshes:  c.Master.Sealer("userpool refresh token"),
		codes:      c.Master.Sealer("userpool code"),
		seeds:      c.Master.Sealer("userpool software token"),
		deviceKeys: c.Master.Sealer("userpool device"),
		decoys:     c.Master.Sealer("userpool decoy"),
		feedbacks:  c.Master.Sealer("userpool feedback token"),
		pages:      store.NewTokens(c.Master.Sealer("userpool page token").MAC("key")),
		pools:      fresh.New[string, *pool](c.Clock.Now),
		clients:    fresh.New[string, *client](c.Clock.Now),
		risks:      fresh.New[riskKey, *riskRules](c.Clock.Now),
		spent:      newMemory[bool](maxChallengeLife, 1<<17),
		unknowns:   newMemory[attempts](attemptWindow, 1<<14),
		sources:    newMemory[attempts](attemptWindow, 1<<14),
		checked:    newMemory[checkedToken](checkedFor, 1<<14),
		uploads:    c.Master.Sealer("userpool import file"),
		idpSecrets: c.Master.Sealer("userpool identity provider"),
		slowHashes: make(chan struct{}, maxSlowHashes),
	}
	s.observeReports = c.ObserveReports
	if s.observeReports == nil {
		s.observeReports = func(string, int) {}
	}
	s.reportsQueue.deliver = s.deliverReports
	s.handleImports()
	s.handleAddresses()
	s.maxLogs = maxWaitingLogs
	s.handleLogs()
	return s
}

// Collections are what the directory must keep for this room.
func Collections() []store.Kind {
	return []store.Kind{
		pools, clients, clientHomes, users, aliases, signIns, devices,
		riskConfigurations, authEvents, uiCustomizations, styles, terms,
		logDeliveries, authEventLogs, notificationLogs, logTurns,
		passkeys,
		groups, memberships,
		importJobs, importChunks, importLogs, certificates,
		resourceServers, providers, providerIdentifiers, domains, links,
	}
}

// Close stops making signing keys, and hands the reports over that still wait.
func (s *Service) Close() {
	s.newKeys.close()
	s.reportsQueue.close(drainReports)
}

// Forget drops everything that the room holds in memory, for when the directory
// was changed behind its back.
func (s *Service) Forget() {
	s.pools.Reset()
	s.clients.Reset()
	s.sizes.forget()
	s.waiting.forget()
	s.risks.Reset()
	s.spent.forgetAll()
	s.unknowns.forgetAll()
	s.sources.forgetAll()
	s.checked.forgetAll()
	s.shared.forgetAll()
}

// Routes names every operation that the room answers.
func (s *Service) Routes(r *wire.Router) {
	wire.Handle(r, cognitoidp.CreateUserPool, s.createUserPool)
	wire.Handle(r, cognitoidp.DescribeUserPool, s.describeUserPool)
	wire.Handle(r, cognitoidp.ListUserPools, s.listUserPools)
	wire.Handle(r, cognitoidp.DeleteUserPool, s.deleteUserPool)
	wire.Handle(r, cognitoidp.UpdateUserPool, s.updateUserPool)
	wire.Handle(r, cognitoidp.AddCustomAttributes, s.addCustomAttributes)
	wire.Handle(r, cognitoidp.SetUserPoolMfaConfig, s.setUserPoolMfaConfig)
	wire.Handle(r, cognitoidp.GetUserPoolMfaConfig, s.getUserPoolMfaConfig)
	wire.Handle(r, cognitoidp.GetSigningCertificate, s.getSigningCertificate)
	wire.Handle(r, cognitoidp.TagResource, s.tagResource)
	wire.Handle(r, cognitoidp.UntagResource, s.untagResource)
	wire.Handle(r, cognitoidp.ListTagsForResource, s.listTagsForResource)

	wire.Handle(r, cognitoidp.CreateUserPoolClient, s.createUserPoolClient)
	wire.Handle(r, cognitoidp.DescribeUserPoolClient, s.describeUserPoolClient)
	wire.Handle(r, cognitoidp.ListUserPoolClients, s.listUserPoolClients)
	wire.Handle(r, cognitoidp.DeleteUserPoolClient, s.deleteUserPoolClient)
	wire.Handle(r, cognitoidp.UpdateUserPoolClient, s.updateUserPoolClient)
	wire.Handle(r, cognitoidp.AddUserPoolClientSecret, s.addUserPoolClientSecret)
	wire.Handle(r, cognitoidp.ListUserPoolClientSecrets, s.listUserPoolClientSecrets)
	wire.Handle(r, cognitoidp.DeleteUserPoolClientSecret, s.deleteUserPoolClientSecret)

	wire.Handle(r, cognitoidp.CreateGroup, s.createGroup)
	wire.Handle(r, cognitoidp.GetGroup, s.getGroup)
	wire.Handle(r, cognitoidp.UpdateGroup, s.updateGroup)
	wire.Handle(r, cognitoidp.DeleteGroup, s.deleteGroup)
	wire.Handle(r, cognitoidp.ListGroups, s.listGroups)
	wire.Handle(r, cognitoidp.AdminAddUserToGroup, s.adminAddUserToGroup)
	wire.Handle(r, cognitoidp.AdminRemoveUserFromGroup, s.adminRemoveUserFromGroup)
	wire.Handle(r, cognitoidp.AdminListGroupsForUser, s.adminListGroupsForUser)
	wire.Handle(r, cognitoidp.ListUsersInGroup, s.listUsersInGroup)

	wire.Handle(r, cognitoidp.CreateResourceServer, s.createResourceServer)
	wire.Handle(r, cognitoidp.DescribeResourceServer, s.describeResourceServer)
	wire.Handle(r, cognitoidp.UpdateResourceServer, s.updateResourceServer)
	wire.Handle(r, cognitoidp.DeleteResourceServer, s.deleteResourceServer)
	wire.Handle(r, cognitoidp.ListResourceServers, s.listResourceServers)

	wire.Handle(r, cognitoidp.CreateIdentityProvider, s.createIdentityProvider)
	wire.Handle(r, cognitoidp.DescribeIdentityProvider, s.describeIdentityProvider)
	wire.Handle(r, cognitoidp.GetIdentityProviderByIdentifier, s.getIdentityProviderByIdentifier)
	wire.Handle(r, cognitoidp.UpdateIdentityProvider, s.updateIdentityProvider)
	wire.Handle(r, cognitoidp.DeleteIdentityProvider, s.deleteIdentityProvider)
	wire.Handle(r, cognitoidp.ListIdentityProviders, s.listIdentityProviders)

	wire.Handle(r, cognitoidp.AdminLinkProviderForUser, s.adminLinkProviderForUser)
	wire.Handle(r, cognitoidp.AdminDisableProviderForUser, s.adminDisableProviderForUser)

	wire.Handle(r, cognitoidp.CreateUserPoolDomain, s.createUserPoolDomain)
	wire.Handle(r, cognitoidp.DescribeUserPoolDomain, s.describeUserPoolDomain)
	wire.Handle(r, cognitoidp.UpdateUserPoolDomain, s.updateUserPoolDomain)
	wire.Handle(r, cognitoidp.DeleteUserPoolDomain, s.deleteUserPoolDomain)

	wire.Handle(r, cognitoidp.SignUp, s.signUp)
	wire.Handle(r, cognitoidp.ConfirmSignUp, s.confirmSignUp)
	wire.Handle(r, cognitoidp.ResendConfirmationCode, s.resendConfirmationCode)
	wire.Handle(r, cognitoidp.AdminConfirmSignUp, s.adminConfirmSignUp)

	wire.Handle(r, cognitoidp.ForgotPassword, s.forgotPassword)
	wire.Handle(r, cognitoidp.ConfirmForgotPassword, s.confirmForgotPassword)
	wire.Handle(r, cognitoidp.ChangePassword, s.changePassword)
	wire.Handle(r, cognitoidp.AdminSetUserPassword, s.adminSetUserPassword)
	wire.Handle(r, cognitoidp.AdminResetUserPassword, s.adminResetUserPassword)

	wire.Handle(r, cognitoidp.InitiateAuth, s.initiateAuth)
	wire.Handle(r, cognitoidp.RespondToAuthChallenge, s.respondToAuthChallenge)
	wire.Handle(r, cognitoidp.AdminInitiateAuth, s.adminInitiateAuth)
	wire.Handle(r, cognitoidp.AdminRespondToAuthChallenge, s.adminRespondToAuthChallenge)
	wire.Handle(r, cognitoidp.GetTokensFromRefreshToken, s.getTokensFromRefreshToken)
	wire.Handle(r, cognitoidp.RevokeToken, s.revokeToken)
	wire.Handle(r, cognitoidp.GlobalSignOut, s.globalSignOut)

	wire.Handle(r, cognitoidp.GetUser, s.getUser)
	wire.Handle(r, cognitoidp.UpdateUserAttributes, s.updateUserAttributes)
	wire.Handle(r, cognitoidp.GetUserAttributeVerificationCode, s.getUserAttributeVerificationCode)
	wire.Handle(r, cognitoidp.VerifyUserAttribute, s.verifyUserAttribute)
	wire.Handle(r, cognitoidp.AdminGetUser, s.adminGetUser)
	wire.Handle(r, cognitoidp.ListUsers, s.listUsers)
	wire.Handle(r, cognitoidp.AdminCreateUser, s.adminCreateUser)
	wire.Handle(r, cognitoidp.AdminUpdateUserAttributes, s.adminUpdateUserAttributes)
	wire.Handle(r, cognitoidp.DeleteUserAttributes, s.deleteUserAttributes)
	wire.Handle(r, cognitoidp.AdminDeleteUserAttributes, s.adminDeleteUserAttributes)
	wire.Handle(r, cognitoidp.AdminEnableUser, s.adminEnableUser)
	wire.Handle(r, cognitoidp.AdminDisableUser, s.adminDisableUser)
	wire.Handle(r, cognitoidp.AdminUserGlobalSignOut, s.adminUserGlobalSignOut)
	wire.Handle(r, cognitoidp.AdminDeleteUser, s.adminDeleteUser)
	wire.Handle(r, cognitoidp.DeleteUser, s.deleteUser)

	wire.Handle(r, cognitoidp.AssociateSoftwareToken, s.associateSoftwareToken)
	wire.Handle(r, cognitoidp.VerifySoftwareToken, s.verifySoftwareToken)
	wire.Handle(r, cognitoidp.SetUserMFAPreference, s.setUserMFAPreference)
	wire.Handle(r, cognitoidp.AdminSetUserMFAPreference, s.adminSetUserMFAPreference)
	wire.Handle(r, cognitoidp.SetUserSettings, s.setUserSettings)
	wire.Handle(r, cognitoidp.AdminSetUserSettings, s.adminSetUserSettings)
	wire.Handle(r, cognitoidp.GetUserAuthFactors, s.getUserAuthFactors)

	wire.Handle(r, cognitoidp.GetCSVHeader, s.getCSVHeader)
	wire.Handle(r, cognitoidp.CreateUserImportJob, s.createUserImportJob)
	wire.Handle(r, cognitoidp.DescribeUserImportJob, s.describeUserImportJob)
	wire.Handle(r, cognitoidp.ListUserImportJobs, s.listUserImportJobs)
	wire.Handle(r, cognitoidp.StartUserImportJob, s.startUserImportJob)
	wire.Handle(r, cognitoidp.StopUserImportJob, s.stopUserImportJob)
	r.HandleHTTP("PUT /_pintail/import/{poolId}/{jobId}", http.HandlerFunc(s.serveUpload))

	wire.Handle(r, cognitoidp.SetRiskConfiguration, s.setRiskConfiguration)
	wire.Handle(r, cognitoidp.DescribeRiskConfiguration, s.describeRiskConfiguration)
	wire.Handle(r, cognitoidp.AdminListUserAuthEvents, s.adminListUserAuthEvents)
	wire.Handle(r, cognitoidp.AdminUpdateAuthEventFeedback, s.adminUpdateAuthEventFeedback)
	wire.Handle(r, cognitoidp.UpdateAuthEventFeedback, s.updateAuthEventFeedback)

	wire.Handle(r, cognitoidp.StartWebAuthnRegistration, s.startWebAuthnRegistration)
	wire.Handle(r, cognitoidp.CompleteWebAuthnRegistration, s.completeWebAuthnRegistration)
	wire.Handle(r, cognitoidp.ListWebAuthnCredentials, s.listWebAuthnCredentials)
	wire.Handle(r, cognitoidp.DeleteWebAuthnCredential, s.deleteWebAuthnCredential)

	wire.Handle(r, cognitoidp.ConfirmDevice, s.confirmDevice)
	wire.Handle(r, cognitoidp.GetDevice, s.getDevice)
	wire.Handle(r, cognitoidp.ListDevices, s.listDevices)
	wire.Handle(r, cognitoidp.ForgetDevice, s.forgetDevice)
	wire.Handle(r, cognitoidp.UpdateDeviceStatus, s.updateDeviceStatus)
	wire.Handle(r, cognitoidp.AdminGetDevice, s.adminGetDevice)
	wire.Handle(r, cognitoidp.AdminListDevices, s.adminListDevices)
	wire.Handle(r, cognitoidp.AdminForgetDevice, s.adminForgetDevice)
	wire.Handle(r, cognitoidp.AdminUpdateDeviceStatus, s.adminUpdateDeviceStatus)

	wire.Handle(r, cognitoidp.SetUICustomization, s.setUICustomization)
	wire.Handle(r, cognitoidp.GetUICustomization, s.getUICustomization)
	wire.Handle(r, cognitoidp.CreateManagedLoginBranding, s.createManagedLoginBranding)
	wire.Handle(r, cognitoidp.DescribeManagedLoginBranding, s.describeManagedLoginBranding)
	wire.Handle(r, cognitoidp.DescribeManagedLoginBrandingByClient, s.describeManagedLoginBrandingByClient)
	wire.Handle(r, cognitoidp.UpdateManagedLoginBranding, s.updateManagedLoginBranding)
	wire.Handle(r, cognitoidp.DeleteManagedLoginBranding, s.deleteManagedLoginBranding)
	wire.Handle(r, cognitoidp.CreateTerms, s.createTerms)
	wire.Handle(r, cognitoidp.DescribeTerms, s.describeTerms)
	wire.Handle(r, cognitoidp.UpdateTerms, s.updateTerms)
	wire.Handle(r, cognitoidp.DeleteTerms, s.deleteTerms)
	wire.Handle(r, cognitoidp.ListTerms, s.listTerms)
	wire.Handle(r, cognitoidp.SetLogDeliveryConfiguration, s.setLogDeliveryConfiguration)
	wire.Handle(r, cognitoidp.GetLogDeliveryConfiguration, s.getLogDeliveryConfiguration)

	r.HandlePage("GET "+confirmPath, cognitoidp.ConfirmSignUp.Operation, s.serveConfirmation)
	r.HandleHTTP("GET /{poolId}/ui/{clientId}/{version}/{file}", http.HandlerFunc(s.serveLogo))
	r.HandleHTTP("GET /{poolId}/.well-known/jwks.json", http.HandlerFunc(s.serveKeys))
	r.HandleHTTP("GET /{poolId}/.well-known/openid-configuration", http.HandlerFunc(s.serveDiscovery))
}

// counted is a refusal whose transaction is committed all the same, because it
// counted the attempt.
type counted struct{ error }

// update runs fn in a transaction, which is also committed when fn refuses with a
// counted error.
func (s *Service) update(ctx context.Context, fn func(store.Tx) error) error {
	var refusal error
	err := s.db.Update(ctx, func(tx store.Tx) error {
		refusal = nil
		err := fn(tx)
		if c, ok := errors.AsType[counted](err); ok {
			refusal = c.error
			return nil
		}
		return err
	})
	switch {
	case errors.Is(err, store.ErrNUL):
		return cognitoidp.InvalidParameterException.New("Text must not contain the character U+0000.")
	case errors.Is(err, store.ErrContention): // after some seconds of tries: clients try again
		return errors.Join(errRate(), err)
	case err != nil:
		return err
	}
	return refusal
}
