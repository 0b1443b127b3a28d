package wire_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// TestRedacted logs inputs with secrets where their shapes do not mark them.
func TestRedacted(t *testing.T) {
	t.Parallel()
	const secret = "hush-hush-hush"
	tests := map[string]any{
		"client_secret": &cognitoidp.CreateIdentityProviderRequest{
			ProviderDetails: map[string]string{"client_id": "ada", "client_secret": secret},
		},
		"private_key": &cognitoidp.UpdateIdentityProviderRequest{
			ProviderDetails: map[string]string{"client_id": "ada", "private_key": secret},
		},
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			slog.New(slog.NewTextHandler(&text, nil)).Info("request", "input", wire.Redacted(in))
			if strings.Contains(text.String(), secret) || !strings.Contains(text.String(), "ada") || !strings.Contains(text.String(), name) {
				t.Errorf("logged %s", text.String())
			}
		})
	}
}
