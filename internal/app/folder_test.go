package app_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"

	"pintail/internal/config"
	"pintail/internal/testkit"
)

var record = flag.String("record", "", "write a data folder of this version to testdata, as `number`; only when the stored form has changed")

// folders are data folders that earlier versions of the program have written.
// Each holds a user with a password, an endpoint and an event. Never change
// one: when the stored form changes, record a new one beside them.
const folders = "testdata/folders"

// Every data folder that was ever written opens, and what is in it works.
func TestOlderDataFolders(t *testing.T) {
	t.Parallel()
	if *record != "" {
		recordFolder(t, *record)
	}
	archives, err := filepath.Glob(filepath.Join(folders, "*.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no folders: %v", err)
	}
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			must(t, unpack(archive, data))
			s := testkit.Start(t, func(c *config.Config) { c.Data = data })
			ctx := testkit.Context(t)
			p := onlyProject(t, s)
			_, err := s.SignIn(ctx, p, "ada", password)
			must(t, err)
			e, err := s.Pinpoint(s.RootKeys()).GetEndpoint(ctx, &pinpoint.GetEndpointInput{ApplicationId: &p.App, EndpointId: aws.String("device-1")})
			must(t, err)
			if len(e.EndpointResponse.Attributes["interests"]) != 2 {
				t.Errorf("endpoint %+v", e.EndpointResponse)
			}
			wantEvents(t, s, p.App, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		})
	}
}

// onlyProject finds the one project of a server by listing.
func onlyProject(t *testing.T, s *testkit.Server) testkit.Project {
	t.Helper()
	ctx := testkit.Context(t)
	apps, err := s.Pinpoint(s.RootKeys()).GetApps(ctx, &pinpoint.GetAppsInput{})
	must(t, err)
	pools, err := s.IDP(s.RootKeys()).ListUserPools(ctx, &cognitoidentityprovider.ListUserPoolsInput{MaxResults: aws.Int32(2)})
	must(t, err)
	clients, err := s.IDP(s.RootKeys()).ListUserPoolClients(ctx, &cognitoidentityprovider.ListUserPoolClientsInput{UserPoolId: pools.UserPools[0].Id})
	must(t, err)
	return testkit.Project{
		App: *apps.ApplicationsResponse.Item[0].Id, UserPool: *pools.UserPools[0].Id, Client: *clients.UserPoolClients[0].ClientId,
	}
}

func recordFolder(t *testing.T, number string) {
	t.Helper()
	s := testkit.Start(t)
	p := s.NewProject(t)
	signUp(t, s, p, "ada")
	must(t, updateEndpoint(t, s, s.RootKeys(), p.App, "device-1"))
	must(t, putEvents(t, s, s.RootKeys(), p.App, "device-1"))
	must(t, s.Stop())
	must(t, pack(s.Data, filepath.Join(folders, number+".tar.gz")))
}

func pack(folder, archive string) (err error) {
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	defer func() { err = errors.Join(err, w.Close(), z.Close(), f.Close()) }()
	return w.AddFS(os.DirFS(folder))
}

func unpack(archive, folder string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		path := filepath.Join(folder, filepath.FromSlash(h.Name))
		if strings.HasSuffix(h.Name, "/") || h.FileInfo().IsDir() {
			if err := os.MkdirAll(path, 0o700); err != nil {
				return err
			}
			continue
		}
		if err := unpackFile(r, path, fs.FileMode(h.Mode)); err != nil {
			return err
		}
	}
}

func unpackFile(r io.Reader, path string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, mode.Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
