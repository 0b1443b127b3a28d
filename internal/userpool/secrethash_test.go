package userpool

import (
	"testing"
)

// Secret, user and client of a hash that users of Cognito compute.
func TestSecretHashVector(t *testing.T) {
	t.Parallel()
	if got := secretHash("topsecret", "alice", "1example23456789"); got != "U80LZajeTtbjUifTHdpT/Xx81XeBQEM35RQcI2sj818=" {
		t.Error(got)
	}
}
