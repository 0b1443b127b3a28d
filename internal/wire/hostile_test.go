package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// Nothing that a stranger sends may panic, hang, or be answered with a 5xx.
func FuzzRouter(f *testing.F) {
	f.Add("POST", "/", signUp, "application/x-amz-json-1.1", `{"ClientId":"a","Username":"b","Password":"Secret-1234"}`)
	f.Add("POST", "/", "", "application/x-www-form-urlencoded", "Action=CreateRole&Version=2010-05-08")
	f.Add("GET", "/v1/apps/%2e%2e/endpoints/%2F", "", "", "")
	f.Add("PUT", "//v1/apps/a/endpoints", "", "application/json", `{"Item":[{}]}`)
	f.Add("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=x&X-Amz-Algorithm=AWS4-HMAC-SHA256", "", "", "")
	f.Fuzz(func(t *testing.T, method, path, target, contentType, body string) {
		r, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		if err != nil {
			return // no HTTP server would hand this on
		}
		r.RemoteAddr = "192.0.2.1:1234"
		if target != "" {
			r.Header.Set("X-Amz-Target", target)
		}
		r.Header.Set("Content-Type", contentType)
		s := newServer(&testing.T{}, everything)
		wire.Handle(s.Router, cognitoidp.SignUp, answerSignUp)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		deliberate := strings.Contains(body, "panics") || strings.Contains(body, "fails") || strings.Contains(body, "undeclared")
		if w.Code >= 500 && w.Code != http.StatusNotImplemented && !deliberate {
			t.Errorf("answered %d: %s", w.Code, s.log)
		}
	})
}
