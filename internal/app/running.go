package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Names of the files in the data folder that the command line reads.
const (
	RunningFile     = "running.json"
	CredentialsFile = "credentials"
)

// Running tells the command line where the server of a data folder is.
type Running struct {
	URL         string    `json:"url"`
	PID         int       `json:"pid"`
	Account     string    `json:"account"`
	Region      string    `json:"region"`
	Dev         bool      `json:"dev"`
	Certificate string    `json:"certificate,omitempty"` // PEM file of an HTTPS server
	Started     time.Time `json:"started"`
}

// ReadRunning reads the note that a running server leaves in its data folder.
// The error is fs.ErrNotExist when no server runs.
func ReadRunning(folder string) (Running, error) {
	var r Running
	text, err := os.ReadFile(filepath.Join(folder, RunningFile))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%s is damaged: stop the server and delete it: %w", RunningFile, err)
	}
	return r, nil
}

func writeRunning(folder string, r Running) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, RunningFile), append(text, '\n'), 0o644)
}

// Credentials are a long-term access key.
type Credentials struct{ AccessKeyID, Secret string }

// ReadCredentials reads the root access key of a data folder.
func ReadCredentials(folder string) (Credentials, error) {
	text, err := os.ReadFile(filepath.Join(folder, CredentialsFile))
	if err != nil {
		return Credentials{}, err
	}
	var c Credentials
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, "=")
		switch strings.TrimSpace(name) {
		case "aws_access_key_id":
			c.AccessKeyID = strings.TrimSpace(value)
		case "aws_secret_access_key":
			c.Secret = strings.TrimSpace(value)
		}
	}
	if c.AccessKeyID == "" || c.Secret == "" {
		return c, errors.New("the file holds no access key")
	}
	return c, nil
}

// writeCredentials writes the key in the form of an AWS credentials file, so
// that AWS_SHARED_CREDENTIALS_FILE can point at it.
func writeCredentials(folder, region string, c Credentials) error {
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = %s\n", c.AccessKeyID, c.Secret, region)
	return writeFile(filepath.Join(folder, CredentialsFile), []byte(text), 0o600)
}

// writeFile replaces a file whole: a crash leaves the old one or the new one.
func writeFile(path string, text []byte, mode fs.FileMode) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, text, mode); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
