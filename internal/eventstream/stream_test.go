package eventstream_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pintail/internal/testkit"
)

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("got %v, want %s with %q", err, code, text)
	}
}

func (s *server) get() (*types.EventStream, error) {
	out, err := s.pin.GetEventStream(testkit.Context(s.t), &pinpoint.GetEventStreamInput{ApplicationId: &s.app})
	if err != nil {
		return nil, err
	}
	return out.EventStream, nil
}

func (s *server) delete() (*types.EventStream, error) {
	out, err := s.pin.DeleteEventStream(testkit.Context(s.t), &pinpoint.DeleteEventStreamInput{ApplicationId: &s.app})
	if err != nil {
		return nil, err
	}
	return out.EventStream, nil
}

// TestOperations: a stream is shown as it was configured, replaced, and deleted, and one
// that is not there is not found.
func TestOperations(t *testing.T) {
	t.Parallel()
	s := start(t, "{}")
	_, err := s.get()
	wantError(t, err, "NotFoundException", "no event stream")
	_, err = s.delete()
	wantError(t, err, "NotFoundException", "no event stream")

	role := s.role("streamer", trust, allow)
	before := time.Now().Add(-time.Second)
	for _, arn := range []string{kinesisARN, firehoseARN} {
		put, err := s.put(arn, role)
		must(t, err)
		want := &types.EventStream{
			ApplicationId: &s.app, DestinationStreamArn: aws.String(arn), RoleArn: &role, LastModifiedDate: put.LastModifiedDate,
			LastUpdatedBy: aws.String("arn:aws:iam::123456789012:root"),
		}
		got, err := s.get()
		must(t, err)
		for _, shown := range []*types.EventStream{put, got} {
			if diff := cmp.Diff(want, shown, cmpopts.IgnoreUnexported(types.EventStream{})); diff != "" {
				t.Error(diff)
			}
		}
		if at, err := time.Parse("2006-01-02T15:04:05.000Z", *put.LastModifiedDate); err != nil || at.Before(before) || at.After(time.Now()) {
			t.Errorf("LastModifiedDate is %s", *put.LastModifiedDate)
		}
	}
	deleted, err := s.delete()
	must(t, err)
	if *deleted.DestinationStreamArn != firehoseARN {
		t.Errorf("deleted %s", *deleted.DestinationStreamArn)
	}
	_, err = s.get()
	wantError(t, err, "NotFoundException", "no event stream")

	_, err = s.put(kinesisARN, role)
	must(t, err)
	_, err = s.pin.DeleteApp(testkit.Context(t), &pinpoint.DeleteAppInput{ApplicationId: &s.app})
	must(t, err)
	if got := s.owner("/_pintail/status"); !strings.Contains(got, `"Streams":null`) {
		t.Errorf("the stream outlives its application: %s", got)
	}
	_, err = s.get()
	wantError(t, err, "NotFoundException", s.app)
	_, err = s.put(kinesisARN, role)
	wantError(t, err, "NotFoundException", s.app)
	_, err = s.delete()
	wantError(t, err, "NotFoundException", s.app)
}

// TestRoleIsChecked: the role has to exist, to trust Pinpoint on behalf of applications of
// the account, and to allow writing to this stream.
func TestRoleIsChecked(t *testing.T) {
	t.Parallel()
	s := start(t, "{}")
	for name, c := range map[string]struct{ arn, role string }{
		"no such role":         {kinesisARN, "arn:aws:iam::123456789012:role/nobody"},
		"no role":              {kinesisARN, ""},
		"no ARN":               {kinesisARN, "streamer"},
		"another service":      {kinesisARN, s.role("other", strings.Replace(trust, "pinpoint.", "lambda.", 1), allow)},
		"another account":      {kinesisARN, s.role("foreign", strings.ReplaceAll(trust, "123456789012", "999999999999"), allow)},
		"another stream":       {strings.Replace(kinesisARN, "clicks", "other", 1), s.role("narrow", trust, allow)},
		"another action":       {firehoseARN, s.role("reader", trust, strings.Replace(allow, "firehose:PutRecordBatch", "firehose:Describe*", 1))},
		"a denial":             {kinesisARN, s.role("denied", trust, strings.Replace(allow, `"Allow"`, `"Deny"`, 1))},
		"the wrong way around": {kinesisARN, s.role("open", allow[:0]+trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)},
	} {
		if _, err := s.put(c.arn, c.role); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			wantError(t, err, "BadRequestException", "pinpoint.amazonaws.com")
		}
	}
	good := s.role("good", trust, allow)
	for _, arn := range []string{"", "clicks", "arn:aws:s3:::clicks", "arn:aws:kinesis:us-east-1:123456789012:stream/", "arn:aws:firehose:us-east-1:123456789012:stream/clicks"} {
		_, err := s.put(arn, good)
		wantError(t, err, "BadRequestException", "DestinationStreamArn")
	}
	if _, err := s.get(); err == nil {
		t.Error("a refused stream is there")
	}
}

// TestPassRole: who configures a stream must be allowed to hand over the role.
func TestPassRole(t *testing.T) {
	t.Parallel()
	s := start(t, "{}")
	role := s.role("streamer", trust, allow)
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("clerk")})
	must(t, err)
	k, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("clerk")})
	must(t, err)
	s.pin = s.Pinpoint(testkit.Keys{ID: *k.AccessKey.AccessKeyId, Secret: *k.AccessKey.SecretAccessKey})
	for _, c := range []struct {
		also string
		ok   bool
	}{
		{"", false},
		{`,{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}}`, false},
		{`,{"Effect":"Allow","Action":"iam:PassRole","Resource":"` + role + `","Condition":{"StringEquals":{"iam:PassedToService":"pinpoint.amazonaws.com"}}}`, true},
	} {
		document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"mobiletargeting:*","Resource":"*"}` + c.also + `]}`
		_, err := client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("clerk"), PolicyName: aws.String("p"), PolicyDocument: &document})
		must(t, err)
		put, err := s.put(kinesisARN, role)
		if c.ok {
			must(t, err)
			if *put.LastUpdatedBy != "arn:aws:iam::123456789012:user/clerk" {
				t.Errorf("updated by %s", *put.LastUpdatedBy)
			}
			continue
		}
		wantError(t, err, "AccessDeniedException", "iam:PassRole")
	}
}
