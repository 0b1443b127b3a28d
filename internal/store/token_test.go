package store_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"pintail/internal/store"
)

var places = []store.Cursor{
	{},
	{ID: "a"},
	{Value: "v", ID: "a"},
	{Value: "va", ID: ""},
	{Value: "", ID: "va"},
	{Value: strings.Repeat("ü", 512), ID: strings.Repeat("\U0001F986", 256)},
}

func TestTokensComeBack(t *testing.T) {
	tokens := store.NewTokens([]byte("key"))
	same := store.NewTokens([]byte("key"))
	for _, at := range places {
		token := tokens.Seal(at, "owner", "ListUsers", "filter")
		got, err := same.Open(token, "owner", "ListUsers", "filter")
		if err != nil || got != at {
			t.Errorf("Open(Seal(%v)) = %v, %v", at, got, err)
		}
		if (token == "") != (at == store.Cursor{}) {
			t.Errorf("token of %v is %q", at, token)
		}
		if strings.ContainsAny(token, "+/= \n") {
			t.Errorf("token %q is not safe in a URL", token)
		}
	}
}

func TestTokensAreForOneWalk(t *testing.T) {
	tokens := store.NewTokens([]byte("key"))
	token := tokens.Seal(store.Cursor{ID: "a"}, "owner", "ListUsers", "filter")
	for name, open := range map[string]func() (store.Cursor, error){
		"owner":        func() (store.Cursor, error) { return tokens.Open(token, "other", "ListUsers", "filter") },
		"no owner":     func() (store.Cursor, error) { return tokens.Open(token, "", "ListUsers", "filter") },
		"operation":    func() (store.Cursor, error) { return tokens.Open(token, "owner", "ListGroups", "filter") },
		"filter":       func() (store.Cursor, error) { return tokens.Open(token, "owner", "ListUsers", "filter2") },
		"fewer parts":  func() (store.Cursor, error) { return tokens.Open(token, "owner", "ListUsers") },
		"more parts":   func() (store.Cursor, error) { return tokens.Open(token, "owner", "ListUsers", "filter", "") },
		"joined parts": func() (store.Cursor, error) { return tokens.Open(token, "owner", "ListUsersfilter") },
		"moved border": func() (store.Cursor, error) { return tokens.Open(token, "ownerL", "istUsers", "filter") },
		"key": func() (store.Cursor, error) {
			return store.NewTokens([]byte("other")).Open(token, "owner", "ListUsers", "filter")
		},
	} {
		if at, err := open(); !errors.Is(err, store.ErrBadToken) || at != (store.Cursor{}) {
			t.Errorf("with another %s: %v, %v; want ErrBadToken", name, at, err)
		}
	}
}

func TestTokensTellNothing(t *testing.T) {
	tokens := store.NewTokens([]byte("key"))
	at := store.Cursor{Value: "ann@example.com", ID: "secret-id"}
	one, other := tokens.Seal(at, "o"), tokens.Seal(at, "o")
	if one == other {
		t.Error("two tokens of one place are equal")
	}
	raw, err := base64.RawURLEncoding.DecodeString(one)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "ann") || strings.Contains(string(raw), "secret") {
		t.Error("the token can be read")
	}
}

func TestEveryChangeOfATokenIsRefused(t *testing.T) {
	tokens := store.NewTokens([]byte("key"))
	token := tokens.Seal(store.Cursor{Value: "v", ID: "a"}, "owner", "query")
	for i := range token {
		for _, c := range []byte("AB_z") {
			changed := token[:i] + string(c) + token[i+1:]
			if changed == token {
				continue
			}
			if _, err := tokens.Open(changed, "owner", "query"); !errors.Is(err, store.ErrBadToken) {
				t.Errorf("%q for %q: %v, want ErrBadToken", changed, token, err)
			}
		}
	}
}

// FuzzOpenToken checks that what opens was sealed: there is one place that was.
func FuzzOpenToken(f *testing.F) {
	tokens, sealed := store.NewTokens([]byte("key")), store.Cursor{Value: "v", ID: "a"}
	good := tokens.Seal(sealed, "owner", "query")
	for _, token := range []string{"", "a", "====", good, good + "A", good[1:], good + "\n", strings.Repeat("A", 100), strings.Repeat("A", 5000)} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		at, err := tokens.Open(token, "owner", "query")
		switch {
		case err == nil && token == "" && at == store.Cursor{}:
		case err == nil && token != "" && at == sealed:
		case errors.Is(err, store.ErrBadToken) && at == store.Cursor{}:
		default:
			t.Errorf("Open(%q) = %v, %v", token, at, err)
		}
	})
}
