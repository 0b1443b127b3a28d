package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"pintail/internal/app"
	"pintail/internal/config"
	"pintail/internal/testkit"
)

// logged is a server's log.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines are the log's lines on an operation that have a reason.
func (l *logged) lines(t *testing.T, action string) (list []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range bytes.Split(bytes.TrimSpace(l.buf.Bytes()), []byte("\n")) {
		var line map[string]any
		must(t, json.Unmarshal(text, &line))
		if line["operation"] == action && line["reason"] != nil {
			list = append(list, line)
		}
	}
	return list
}

// A refused request's log line has the explanation that pintail explain gives, and so has
// its record; the caller is told only what AWS would say, without a word of the policies.
func TestRefusalIsExplainedToTheOwnerOnly(t *testing.T) {
	t.Parallel()
	log := new(logged)
	s := testkit.StartLogging(t, slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo}), func(*config.Config) {})
	ctx := testkit.Context(t)
	ada := user(t, s, "ada", `{"Version":"2012-10-17","Statement":[
		{"Sid":"LookSecretly","Effect":"Allow","Action":"mobiletargeting:GetApps","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/clearance":"hidden-value"}}},
		{"Sid":"NeverDelete","Effect":"Deny","Action":"iam:DeleteUser","Resource":"*"},{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)
	_, err := s.IAM(s.RootKeys()).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("clerk"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Sid":"Agreed","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"hidden-value"}}}]}`)})
	must(t, err)
	const who, role = "arn:aws:iam::123456789012:user/ada", "arn:aws:iam::123456789012:role/clerk"
	for _, test := range []struct {
		action, resource, sid, event string
		call                         func() error
	}{
		{"mobiletargeting:GetApps", "arn:aws:mobiletargeting:us-east-1:123456789012:apps", "LookSecretly", "GetApps", func() error {
			_, err := s.Pinpoint(ada).GetApps(ctx, &pinpoint.GetAppsInput{})
			return err
		}},
		{"iam:DeleteUser", "arn:aws:iam::123456789012:user/bob", "NeverDelete", "DeleteUser", func() error {
			_, err := s.IAM(ada).DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("bob")})
			return err
		}},
		{"sts:AssumeRole", role, "Agreed", "AssumeRole", func() error {
			_, err := s.STS(ada).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("shift")})
			return err
		}},
	} {
		t.Run(test.event, func(t *testing.T) {
			var refused smithy.APIError
			if err := test.call(); !errors.As(err, &refused) {
				t.Fatalf("not refused: %v", err)
			}
			var e app.Explanation
			must(t, json.Unmarshal(asOwner(t, s, "/_pintail/explain", url.Values{"principal": {who}, "action": {test.action}, "resource": {test.resource}}), &e))
			if e.Allowed || !strings.Contains(e.Why, test.sid) {
				t.Errorf("explained %+v", e)
			}
			record := newest(t, s, test.event) // the line is written before the record
			lines := log.lines(t, test.action)
			if len(lines) != 1 || lines[0]["reason"] != e.Why || lines[0]["caller"] != who {
				t.Errorf("log %v, want reason %q", lines, e.Why)
			}
			if got := member(record, "additionalEventData.reason"); got != e.Why {
				t.Errorf("on record: %v, want %q", got, e.Why)
			}
			if refused.ErrorMessage() != e.Message || strings.Contains(refused.Error(), test.sid) || strings.Contains(refused.Error(), "hidden-value") {
				t.Errorf("the caller is told %q, want %q", refused.ErrorMessage(), e.Message)
			}
		})
	}
}
