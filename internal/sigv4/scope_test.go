package sigv4_test

import (
	"net/http"
	"net/url"
	"testing"

	"pintail/internal/sigv4"
)

func TestCutRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-east-1":                      "us-east-1",
		"us-gov-west-1":                  "us-gov-west-1",
		"us-isob-east-1":                 "us-isob-east-1",
		"ap-southeast-12":                "ap-southeast-12",
		"us-east-1.push.example.org/":    "us-east-1",
		"us-east-1.push.example.org:1/#": "us-east-1",
		"cn-north-1/":                    "cn-north-1",
		"":                               "",
		"local":                          "",
		"us-east":                        "",
		"us-1":                           "",
		"us--1":                          "",
		"us-east--1":                     "",
		"us--east-1":                     "",
		"us-east-":                       "",
		"us-east-123":                    "",
		"us-east-1a":                     "",
		"us-east-1-x":                    "",
		"u2-east-1":                      "",
		"usa-east-1":                     "",
		"US-EAST-1":                      "",
		"-us-east-1":                     "",
		".us-east-1":                     "",
	} {
		got, ok := sigv4.CutRegion(region)
		if got != want || ok != (want != "") {
			t.Errorf("CutRegion(%q) = %q, %v, want %q", region, got, ok, want)
		}
	}
}

func TestScopeOf(t *testing.T) {
	t.Parallel()
	const credential = "AKID/20150830/us-east-1/sts/aws4_request"
	good := sigv4.Scope{AccessKeyID: "AKID", Date: "20150830", Region: "us-east-1", Service: "sts"}
	for _, c := range []struct {
		name, authorization, query string
		want                       sigv4.Scope
	}{
		{name: "unsigned"},
		{name: "header", authorization: "AWS4-HMAC-SHA256 Credential=" + credential + ", Signature=x", want: good},
		{name: "header, another order and spacing", authorization: "AWS4-HMAC-SHA256  Signature=x,Credential=" + credential, want: good},
		{name: "header without a credential", authorization: "AWS4-HMAC-SHA256 Signature=x"},
		{name: "another scheme", authorization: "Bearer Credential=" + credential},
		{name: "header before query", authorization: "Bearer x", query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + credential},
		{name: "query", query: "Action=GetCallerIdentity&X-Amz-Credential=" + url.QueryEscape(credential), want: good},
		{name: "query, not a credential", query: "X-Amz-Credential=AKID/20150830/us-east-1/sts"},
		{name: "query, even less", query: "X-Amz-Credential=AKID/20150830"},
		{name: "query, hardly anything", query: "X-Amz-Credential=AKID/20150830/aws4_request"},
		{name: "query, a name that only resembles it", query: "X-Amz-Credentials=" + credential},
		{name: "region trick", authorization: "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1.push.example.org//mobiletargeting/aws4_request",
			want: sigv4.Scope{AccessKeyID: "AKID", Date: "20150830", Region: "us-east-1.push.example.org/", Service: "mobiletargeting"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{URL: &url.URL{RawQuery: c.query}, Header: http.Header{}}
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			if got, ok := sigv4.ScopeOf(r); got != c.want || ok != (c.want != sigv4.Scope{}) {
				t.Errorf("got %+v, %v, want %+v", got, ok, c.want)
			}
		})
	}
}
