package keys

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// testKey returns a master key of one repeated byte.
func testKey(t testing.TB, b byte) *MasterKey {
	t.Helper()
	key, err := ParseMasterKey(strings.Repeat(hex.EncodeToString([]byte{b}), masterSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestParseMasterKey(t *testing.T) {
	t.Parallel()
	secret := make([]byte, masterSize)
	for i := range secret {
		secret[i] = byte(0xf8 + i) // both of base64's special characters occur
	}
	want := &MasterKey{secret: [masterSize]byte(secret)}
	for name, text := range map[string]string{
		"hex":              hex.EncodeToString(secret),
		"upper-case hex":   strings.ToUpper(hex.EncodeToString(secret)),
		"base64":           base64.StdEncoding.EncodeToString(secret),
		"base64, unpadded": base64.RawStdEncoding.EncodeToString(secret),
		"base64url":        base64.URLEncoding.EncodeToString(secret),
		"with white space": " \t" + hex.EncodeToString(secret) + "\r\n",
	} {
		key, err := ParseMasterKey(text)
		if err != nil || *key != *want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"empty":         "",
		"short hex":     hex.EncodeToString(secret[1:]),
		"long hex":      hex.EncodeToString(secret) + "00",
		"short base64":  base64.StdEncoding.EncodeToString(secret[1:]),
		"long base64":   base64.StdEncoding.EncodeToString(append(secret, 1)),
		"raw bytes":     string(secret),
		"a pass phrase": "correct horse battery staple of 32",
	} {
		if _, err := ParseMasterKey(text); !errors.Is(err, ErrMasterKey) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestMasterKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := LoadMasterKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no file: error is %v", err)
	}
	key, created, err := LoadOrCreateMasterKey(path)
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
	again, created, err := LoadOrCreateMasterKey(path)
	if err != nil || created {
		t.Fatalf("second time: created %v, error %v", created, err)
	}
	if *key != *again {
		t.Error("the file holds another key")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("files left behind: %v, %v", entries, err)
	}
	other, _, err := LoadOrCreateMasterKey(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if *key == *other || key.Fingerprint() == other.Fingerprint() {
		t.Error("two new keys are equal")
	}
}

func TestMasterKeyFileRefused(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("ab", masterSize)
	for _, test := range []struct {
		name, content string
		mode          fs.FileMode
		want          string
	}{
		{"group may read", good, 0o640, "chmod 600"},
		{"others may read", good, 0o604, "chmod 600"},
		{"others may write", good, 0o602, "chmod 600"},
		{"empty", "", 0o600, "32 bytes"},
		{"too short", good[2:], 0o600, "32 bytes"},
		{"too long", good + good, 0o600, "32 bytes"},
		{"huge", strings.Repeat(" ", 4096) + good, 0o600, "32 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "master.key")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, created, err := LoadOrCreateMasterKey(path)
			if err == nil || created || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("created %v, error %v", created, err)
			}
			if content, err := os.ReadFile(path); err != nil || string(content) != test.content {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
	if _, _, err := LoadOrCreateMasterKey(filepath.Join(t.TempDir(), "missing", "master.key")); err == nil {
		t.Error("a key was created in a folder that does not exist")
	}
}

func TestMasterKeyIsCreatedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	var group sync.WaitGroup
	var mu sync.Mutex
	prints, creations := map[string]bool{}, 0
	for range 8 {
		group.Go(func() {
			key, created, err := LoadOrCreateMasterKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			prints[key.Fingerprint()] = true
			if created {
				creations++
			}
		})
	}
	group.Wait()
	if len(prints) != 1 || creations != 1 {
		t.Errorf("%d keys, created %d times", len(prints), creations)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	key := testKey(t, 0xab)
	sealer := key.Sealer("test")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb+" "+verb, key, sealer)
		for _, secret := range []string{"171", "ab ab", "abab", "0xab"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s prints %s", verb, text)
			}
		}
		if !strings.Contains(text, key.Fingerprint()) {
			t.Errorf("%s does not tell which key it is: %s", verb, text)
		}
	}
}
