package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// output is generated files by package and name.
type output map[string]map[string][]byte

// write makes the packages' folders hold the generated files and no others.
func (o output) write(dir string) error {
	for pkg, files := range o {
		folder := filepath.Join(dir, pkg)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		stale, err := strangers(folder, files)
		if err != nil {
			return err
		}
		for _, name := range stale {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare tells which files of dir are not as generated.
func (o output) compare(dir string) error {
	var problems []error
	for pkg, files := range o {
		stale, err := strangers(filepath.Join(dir, pkg), files)
		if err != nil {
			return err
		}
		for _, name := range stale {
			problems = append(problems, fmt.Errorf("%s is not generated any more", name))
		}
		for name, text := range files {
			path := filepath.Join(dir, pkg, name)
			if old, err := os.ReadFile(path); err != nil {
				problems = append(problems, err)
			} else if !bytes.Equal(old, text) {
				problems = append(problems, fmt.Errorf("%s differs from what awsgen writes", path))
			}
		}
	}
	return errors.Join(problems...)
}

// strangers returns the generated Go files of a folder that are not among
// files. Tests are written by hand and stay.
func strangers(folder string, files map[string][]byte) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var stale []string
	for _, path := range found {
		if _, ok := files[filepath.Base(path)]; ok {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(text, []byte(header)) {
			stale = append(stale, path)
		}
	}
	return stale, nil
}
