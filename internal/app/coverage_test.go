package app_test

import (
	"flag"
	"os"
	"testing"

	"pintail/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite docs/coverage.md")

const page = "../../docs/coverage.md"

// The coverage page is printed from the operation tables and the rooms' routes;
// "make coverage" rewrites it.
func TestCoveragePage(t *testing.T) {
	t.Parallel()
	got := testkit.Start(t).Coverage()
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("docs/coverage.md is not what the server answers: run make coverage")
	}
}
