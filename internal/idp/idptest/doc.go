// Package idptest is other people's identity providers on this machine, for tests: an
// OpenID Connect issuer and a SAML identity provider that really sign, and stand-ins for
// what Facebook and Login with Amazon answer about access tokens. They behave as real ones
// do, and misbehave where a test wants it.
//
// Everything is served over plain http on a loopback address, so the validator under test
// has idp.FetchConfig.AllowLoopback, and idp.Config.Google and its neighbours point at the
// stand-in.
package idptest
