package breached_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pintail/internal/userpool/breached"
)

// hashLine is a password's line in the form of Have I Been Pwned.
func hashLine(password string, count int) string {
	return fmt.Sprintf("%X:%d", sha1.Sum([]byte(password)), count)
}

// hashFile returns the text of a list of hashes.
func hashFile(lineEnd string, passwords ...string) string {
	lines := make([]string, len(passwords))
	for i, password := range passwords {
		lines[i] = hashLine(password, 1+i*i%100_000)
	}
	slices.Sort(lines)
	return strings.Join(lines, lineEnd)
}

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, text string) *breached.List {
	t.Helper()
	l, err := breached.Open(write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// holds fails unless the list answers want for every password.
func holds(t *testing.T, l *breached.List, want bool, passwords ...string) {
	t.Helper()
	for _, password := range passwords {
		if got, err := l.Contains(password); err != nil || got != want {
			t.Fatalf("Contains(%q) is %v, %v; want %v", password, got, err, want)
		}
	}
}

func numbered(name string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(name, i)
	}
	return list
}

func TestHashes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 64, 65, 90, 91, 5000} {
		for name, lineEnd := range map[string]string{"LF": "\n", "CRLF": "\r\n"} {
			for last, end := range map[string]string{"open": "", "closed": lineEnd} {
				t.Run(fmt.Sprint(n, name, last), func(t *testing.T) {
					t.Parallel()
					known := numbered("known ", n)
					l := open(t, hashFile(lineEnd, known...)+end)
					holds(t, l, true, known...)
					holds(t, l, false, append(numbered("other ", 300), "", hashLine("known 0", 1))...)
				})
			}
		}
	}
}

func TestHashesWithoutCounts(t *testing.T) {
	t.Parallel()
	text := strings.ToLower(fmt.Sprintf("%x\n", sha1.Sum([]byte("secret"))))
	holds(t, open(t, text), true, "secret")
}

func TestPlain(t *testing.T) {
	t.Parallel()
	l := open(t, "\uFEFFletmein\r\n\r\n pass word \nletmein\npässwörter")
	holds(t, l, true, "letmein", " pass word ", "pässwörter")
	holds(t, l, false, "", "pass word", "LETMEIN", "\uFEFFletmein")
	holds(t, open(t, ""), false, "", "letmein")
}

func TestNoList(t *testing.T) {
	t.Parallel()
	var none *breached.List
	holds(t, none, false, "letmein")
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefusals(t *testing.T) {
	t.Parallel()
	lines := strings.Split(hashFile("\n", numbered("known ", 500)...), "\n")
	slices.Reverse(lines)
	for name, test := range map[string]struct{ text, want string }{
		"NTLM hashes":    {"0123456789ABCDEF0123456789ABCDEF:3\n", "other than SHA-1"},
		"SHA-256 hashes": {strings.Repeat("0123456789abcdef", 4) + "\n", "other than SHA-1"},
		"by prevalence":  {strings.Join(lines, "\n"), "not in the order"},
		"broken":         {hashFile("\n", numbered("known ", 500)...) + "\n" + strings.Repeat("x", 2000), "no list of hashes"},
		"a long line":    {strings.Repeat("letmein ", 1000), "too long"},
	} {
		if _, err := breached.Open(write(t, test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if _, err := breached.Open(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
	if _, err := breached.Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

// A line that broke after the list was opened is an error, not an answer.
func TestBrokenLater(t *testing.T) {
	t.Parallel()
	text := hashFile("\n", numbered("known ", 20)...)
	path := write(t, text)
	l, err := breached.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(path, bytes.Repeat([]byte("z"), len(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := l.Contains("known 1"); err == nil || found {
		t.Errorf("a broken list answered %v, %v", found, err)
	}
}

func TestManyReaders(t *testing.T) {
	t.Parallel()
	known := numbered("known ", 2000)
	l := open(t, hashFile("\r\n", known...))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for _, password := range known[i*100:] {
				if found, err := l.Contains(password); err != nil || !found {
					t.Errorf("Contains(%q) is %v, %v", password, found, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkContains(b *testing.B) {
	l := open(b, hashFile("\r\n", numbered("known ", 200_000)...))
	for b.Loop() {
		if _, err := l.Contains("nobody's"); err != nil {
			b.Fatal(err)
		}
	}
}

// Whatever a file holds, opening it and asking it ends, and a list that opens
// knows every password whose line is in its place.
func FuzzOpen(f *testing.F) {
	f.Add(hashFile("\n", numbered("known ", 100)...), "known 3")
	f.Add(hashFile("\r\n", numbered("known ", 3)...)+"\r\n", "other")
	f.Add("letmein\nsecret\n", "secret")
	f.Add(hashFile("\n", "a", "b")+"\n\n\n", "b")
	f.Add(strings.Repeat("A", 40), "")
	f.Fuzz(func(t *testing.T, text, password string) {
		l, err := breached.Open(write(t, text))
		if err != nil {
			return
		}
		defer l.Close()
		_, _ = l.Contains(password)
	})
}

// A list of any passwords knows them all.
func FuzzHashes(f *testing.F) {
	f.Add("a b c", 3)
	f.Add(strings.Join(numbered("x", 300), " "), 120)
	f.Fuzz(func(t *testing.T, words string, repeated int) {
		passwords := strings.Split(words, " ")
		for i := range min(max(repeated, 0), 500) {
			passwords = append(passwords, fmt.Sprint(words, i))
		}
		slices.Sort(passwords)
		passwords = slices.Compact(passwords)
		holds(t, open(t, hashFile("\n", passwords...)), true, passwords...)
	})
}
