// Package keys keeps secrets. It holds the master key, under which everything
// confidential that the store keeps is sealed, and the signing keys of user pools,
// with the tokens that they sign.
//
// The composition root opens one [MasterKey], from a file in the data folder or
// from the environment. Each room that has secrets takes a [Sealer] of its own
// from it, for one purpose: SRP verifiers, client secrets, channel credentials,
// and also what travels through a client and comes back unchanged, such as
// session strings and page tokens. User pools sign their tokens with a
// [SigningKey], and take new ones from a [Reserve], because they are slow to make.
package keys

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// masterSize is the length of a master key in bytes.
const masterSize = 32

// ErrMasterKey means that a text is no master key.
var ErrMasterKey = errors.New("keys: a master key is 32 bytes, written as 64 hexadecimal digits or in base64")

// MasterKey is the secret of an installation, from which all others derive.
// Who loses it loses every sealed secret.
type MasterKey struct {
	secret [masterSize]byte
}

// ParseMasterKey reads a key from text: 64 hexadecimal digits, or base64 in any of
// its usual forms, with white space around it. It returns [ErrMasterKey] for
// anything else.
func ParseMasterKey(text string) (*MasterKey, error) {
	text = strings.TrimSpace(text)
	secret, err := hex.DecodeString(text)
	if err != nil {
		text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		secret, err = base64.RawStdEncoding.Strict().DecodeString(text)
	}
	if err != nil || len(secret) != masterSize {
		return nil, ErrMasterKey
	}
	return &MasterKey{secret: [masterSize]byte(secret)}, nil
}

// LoadMasterKey reads the key from a file. It refuses a file that group or others
// may read, and returns an error that is [fs.ErrNotExist] when there is none.
func LoadMasterKey(path string) (*MasterKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	// Windows has no such permission bits; Go reports 0666 there.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("master key: %s has mode %04o and must be readable by its owner only: chmod 600 it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	key, err := ParseMasterKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("master key: %s: %w", path, err)
	}
	return key, nil
}

// LoadOrCreateMasterKey is LoadMasterKey, and makes the file with a new key when
// there is none. The caller, who knows whether sealed data exists already, learns
// of that from created.
func LoadOrCreateMasterKey(path string) (key *MasterKey, created bool, err error) {
	key, err = LoadMasterKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	switch err := createMasterKey(path); {
	case errors.Is(err, fs.ErrExist): // another process was faster
	case err != nil:
		return nil, false, fmt.Errorf("master key: %w", err)
	default:
		created = true
	}
	key, err = LoadMasterKey(path)
	return key, created, err
}

// createMasterKey writes a new key to path. The file appears complete or not at
// all, and never in place of another.
func createMasterKey(path string) error {
	var secret [masterSize]byte
	rand.Read(secret[:])

	f, err := os.CreateTemp(filepath.Dir(path), ".master-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "%x\n", secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable. Windows cannot and need not.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Fingerprint identifies the key without telling anything about it, so that a
// store can remember under which key its secrets were sealed.
func (m *MasterKey) Fingerprint() string {
	return hex.EncodeToString(m.derive("fingerprint", 8))
}

// derive returns a key of n bytes for a use.
func (m *MasterKey) derive(use string, n int) []byte {
	key, err := hkdf.Key(sha256.New, m.secret[:], nil, "pintail "+use, n)
	if err != nil {
		panic(err) // only for lengths that no caller asks for
	}
	return key
}

// String hides the key from logs.
func (m *MasterKey) String() string { return "master key " + m.Fingerprint() }

// GoString hides the key from logs.
func (m *MasterKey) GoString() string { return m.String() }
