package kinesis_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pintail/internal/awscall"
	"pintail/internal/eventstream/sink"
	"pintail/internal/eventstream/sink/kinesis"
	"pintail/internal/sigv4"
)

// Whatever an answer is, records that it does not say to be taken are left; and an
// answer's error never tells a secret.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const one = `{"ErrorCode":"InternalFailure","ErrorMessage":"Internal service failure"}`
	for name, c := range map[string]struct {
		status       int
		kinesis      string
		left, reason string
	}{
		"taken":           {200, `{"FailedRecordCount":0,"Records":[{},{},{}]}`, "", ""},
		"no count":        {200, `{}`, "", ""},
		"the second":      {200, `{"FailedRecordCount":1,"Records":[{},` + one + `,{}]}`, "b", "1 of 3 records have failed, the last with InternalFailure: Internal service failure"},
		"all":             {200, `{"FailedRecordCount":3,"Records":[` + one + `,` + one + `,` + one + `]}`, "abc", "3 of 3"},
		"who knows":       {200, `{"FailedRecordCount":1,"Records":[]}`, "abc", "does not say which"},
		"none in the end": {200, `{"FailedRecordCount":1,"Records":[{},{},{}]}`, "abc", "does not say which"},
		"no JSON":         {200, `<html>`, "abc", "cannot be read"},
		"refused":         {400, `{"__type":"com.amazonaws.kinesis#ResourceNotFoundException","message":"Stream clicks not found"}`, "abc", "ResourceNotFoundException: Stream clicks not found"},
		"broken":          {502, ``, "abc", "502 Bad Gateway"},
	} {
		for _, arn := range []string{"arn:aws:kinesis:us-east-1:1:stream/clicks", "arn:aws:firehose:us-east-1:1:deliverystream/clicks"} {
			answer := c.kinesis
			if strings.Contains(arn, "firehose") {
				answer = strings.NewReplacer("FailedRecordCount", "FailedPutCount", `"Records"`, `"RequestResponses"`).Replace(answer)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, answer)
			}))
			u, _ := url.Parse(server.URL)
			s, err := kinesis.New(arn, &awscall.Endpoint{URL: u, Credentials: sigv4.Credentials{AccessKeyID: "A", Secret: "hidden"}, Now: time.Now, Client: server.Client()})
			if err != nil {
				t.Fatal(err)
			}
			left, err := s.Put(t.Context(), []sink.Record{{Data: []byte("a")}, {Data: []byte("b")}, {Data: []byte("c")}})
			got := ""
			for _, r := range left {
				got += string(r.Data)
			}
			if got != c.left || (err == nil) != (c.reason == "") || err != nil && (!strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "hidden")) {
				t.Errorf("%s, %s: %q are left: %v", name, arn, got, err)
			}
			s.Close()
			server.Close()
		}
	}
	for _, arn := range []string{"", "clicks", "arn:aws:s3:::clicks", "arn:aws:kinesis:us-east-1:1:stream/"} {
		if _, err := kinesis.New(arn, nil); err == nil {
			t.Errorf("%q is a stream", arn)
		}
	}
}
