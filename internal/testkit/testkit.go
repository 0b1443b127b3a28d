// Package testkit boots a whole server inside a test: real stores in a
// temporary folder (or a PostgreSQL database), the real pipeline, a port of its
// own, and the clients of the AWS SDK pointed at it.
package testkit

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/app"
	"pintail/internal/clock"
	"pintail/internal/config"
)

// Account and Region are those of every server under test.
const (
	Account = "123456789012"
	Region  = "us-east-1"
)

// Server is a running server.
type Server struct {
	*app.App
	Clock *clock.Clock
	Data  string
	stop  func() error
}

// Start runs a server until the test ends. change may alter its configuration.
func Start(t testing.TB, change ...func(*config.Config)) *Server {
	t.Helper()
	return StartLogging(t, slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}), change...)
}

// StartLogging is Start with a place for the server's log.
func StartLogging(t testing.TB, to slog.Handler, change ...func(*config.Config)) *Server {
	t.Helper()
	c := config.Config{
		Data: t.TempDir(), Listen: "127.0.0.1:0", AccountID: Account, Region: Region, LogFormat: "text", LogLevel: "error",
		AuditDays: 90, AuditDataDays: 1,
	}
	for _, f := range change {
		f(&c)
	}
	s := &Server{Clock: new(clock.Clock), Data: c.Data}
	var err error
	if s.App, err = app.Open(t.Context(), c, s.Clock, slog.New(to)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.stop = func() error {
		cancel()
		err := <-done
		if closed := s.Close(); err == nil {
			err = closed
		}
		return err
	}
	t.Cleanup(func() {
		if s.stop == nil {
			return
		}
		if err := s.stop(); err != nil {
			t.Errorf("the server did not stop cleanly: %v", err)
		}
	})
	return s
}

// Stop ends the server before the test does and returns what Run and Close said.
func (s *Server) Stop() error {
	stop := s.stop
	s.stop = nil
	return stop()
}

// Keys are an access key for the clients below; the zero value signs nothing.
type Keys struct{ ID, Secret, Token string }

// RootKeys returns the root user's.
func (s *Server) RootKeys() Keys {
	key, _ := s.Root()
	return Keys{ID: key.AccessKeyID, Secret: key.Secret}
}

// AWS returns an SDK configuration for a caller. Retries are off, so that a
// test sees the first answer.
func (s *Server) AWS(k Keys) aws.Config {
	c := aws.Config{
		Region: Region, BaseEndpoint: aws.String(s.URL()),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
	c.Credentials = aws.AnonymousCredentials{}
	if k.ID != "" {
		c.Credentials = credentials.NewStaticCredentialsProvider(k.ID, k.Secret, k.Token)
	}
	return c
}

// IDP returns a user pools client.
func (s *Server) IDP(k Keys) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(s.AWS(k))
}

// Identity returns an identity pools client.
func (s *Server) Identity(k Keys) *cognitoidentity.Client {
	return cognitoidentity.NewFromConfig(s.AWS(k))
}

// IAM returns an IAM client.
func (s *Server) IAM(k Keys) *iam.Client { return iam.NewFromConfig(s.AWS(k)) }

// STS returns an STS client.
func (s *Server) STS(k Keys) *sts.Client { return sts.NewFromConfig(s.AWS(k)) }

// Pinpoint returns a Pinpoint client.
func (s *Server) Pinpoint(k Keys) *pinpoint.Client { return pinpoint.NewFromConfig(s.AWS(k)) }

// Context returns a context that ends well before the test's own deadline.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
