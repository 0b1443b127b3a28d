package wire

import "net/http"

// Browsers call every AWS API directly and unsigned preflights come first, so
// all answers, errors included, are open to every origin. No cookie is ever
// read, so there is nothing that an origin could borrow.

// allowed is the union of the headers that AWS's browser clients send. A
// preflight gets its own list back; this one is for preflights without one.
const allowedHeaders = "authorization, cache-control, content-type, pragma, x-amz-date, x-amz-security-token, " +
	"x-amz-target, x-amz-user-agent, x-amz-content-sha256, x-amz-client-context, amz-sdk-invocation-id, amz-sdk-request"

// exposedHeaders are those that clients read: an error's name, and Date, by
// which they correct a wrong clock.
const exposedHeaders = "x-amzn-RequestId, x-amzn-ErrorType, x-amzn-ErrorMessage, Date"

func allowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
}

func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions
}

func answerPreflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, HEAD, OPTIONS")
	headers := r.Header.Get("Access-Control-Request-Headers")
	if headers == "" || len(headers) > 4096 {
		headers = allowedHeaders
	}
	h.Set("Access-Control-Allow-Headers", headers)
	h.Set("Access-Control-Max-Age", "7200")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Add("Vary", "Access-Control-Request-Headers")
	w.WriteHeader(http.StatusOK)
}
