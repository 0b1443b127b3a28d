// Package importtest holds the house's rules about who may import whom.
package importtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"strings"
	"testing"
)

type pkg struct {
	ImportPath, Dir string
	Imports         []string
	Standard        bool
}

// packages lists the module's packages with their direct imports, tests left out.
func packages(t *testing.T) []pkg {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,Standard", "pintail/...")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// only says that an import is allowed in the packages that match a pattern.
type only struct {
	imported string   // prefix
	in       []string // patterns of importers, "/..." for whole trees
	why      string
}

var rules = []only{
	{"github.com/mattn/go-sqlite3", []string{"pintail/internal/store/sqlite"}, "a driver belongs to its engine"},
	{"github.com/duckdb/", []string{"pintail/internal/eventstore/duckdb/..."}, "a driver belongs to its engine"},
	{"github.com/jackc/pgx", []string{"pintail/internal/store/postgres", "pintail/internal/eventstore/postgres", "pintail/internal/testkit/..."}, "a driver belongs to its engine"},
	{"github.com/aws/", []string{"pintail/internal/testkit/...", "pintail/bench/..."}, "the SDK is a client, for tests and load"},
	{"github.com/wneessen/go-mail", []string{"pintail/internal/delivery/smtp"}, "a provider's protocol belongs to its channel"},
	{"github.com/parquet-go/", []string{"pintail/internal/event/eventfile"}, "one package writes files of events"},
	{"github.com/twmb/", []string{"pintail/internal/eventstream/sink/kafka"}, "a receiver's protocol belongs to its sink"},
	{"github.com/nats-io/", []string{"pintail/internal/eventstream/sink/nats"}, "a receiver's protocol belongs to its sink"},
	{"pintail/internal/eventstream/sink/", []string{"pintail/internal/app"}, "only the composition root chooses a sink"},
	{"github.com/emersion/", []string{"pintail/internal/testkit/..."}, "the mail server is for tests"},
	{"pintail/internal/store/sqlite", []string{"pintail/internal/app", "pintail/bench/..."}, "only the composition root chooses an engine"},
	{"pintail/internal/store/postgres", []string{"pintail/internal/app", "pintail/bench/..."}, "only the composition root chooses an engine"},
	{"pintail/internal/eventstore/duckdb", []string{"pintail/internal/app", "pintail/bench/...", "pintail/internal/eventstore/duckdb/..."}, "only the composition root chooses an engine"},
	{"pintail/internal/eventstore/postgres", []string{"pintail/internal/app", "pintail/bench/..."}, "only the composition root chooses an engine"},
	{"pintail/internal/wire/", []string{"pintail/internal/wire/..."}, "codecs belong to the pipeline"},
	{"pintail/internal/app", []string{"pintail/internal/cli", "pintail/internal/testkit", "pintail/bench/..."}, "nobody builds the server but its root"},
	{"pintail/internal/testkit", []string{"pintail/internal/testkit/...", "pintail/bench/...", "pintail/internal/store/storetest", "pintail/internal/eventstore/eventstoretest"}, "testkit is for tests"},
	{"pintail/internal/userpool/passkey/passkeytest", nil, "a software authenticator is for tests"},
	{"github.com/go-webauthn/", []string{"pintail/internal/userpool/passkey"}, "one package speaks WebAuthn"},
	{"github.com/russellhaering/goxmldsig", []string{"pintail/internal/idp/..."}, "one package reads what SAML providers sign"},
	{"github.com/beevik/etree", []string{"pintail/internal/idp/..."}, "one package reads what SAML providers sign"},
	{"pintail/internal/idp/idptest", nil, "other people's identity providers are for tests"},
	{"pintail/internal/history", []string{"pintail/internal/cli", "pintail/bench/..."}, "made-up pasts are sent from outside, as an app sends them"},
	{"github.com/schollz/progressbar", []string{"pintail/internal/cli"}, "only the command line draws on a terminal"},
}

func matches(importer string, patterns []string) bool {
	for _, p := range patterns {
		if tree, ok := strings.CutSuffix(p, "/..."); ok && (importer == tree || strings.HasPrefix(importer, tree+"/")) || importer == p {
			return true
		}
	}
	return false
}

func TestImports(t *testing.T) {
	all := packages(t)
	if len(all) < 20 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	for _, p := range all {
		for _, imported := range p.Imports {
			for _, rule := range rules {
				if strings.HasPrefix(imported, rule.imported) && !matches(p.ImportPath, rule.in) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, rule.why)
				}
			}
		}
	}
}

func TestGeneratedCodeStandsAlone(t *testing.T) {
	for _, p := range packages(t) {
		if !strings.HasPrefix(p.ImportPath, "pintail/internal/gen") {
			continue
		}
		for _, imported := range p.Imports {
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") || first == "pintail" && path.Base(imported) != "model" {
				t.Errorf("%s imports %s: generated code imports the standard library and gen/model only", p.ImportPath, imported)
			}
		}
	}
}

// What judges other people's tokens knows neither our stores nor our wire.
func TestTokensOfOthersAreJudgedAlone(t *testing.T) {
	found := false
	for _, p := range packages(t) {
		if p.ImportPath != "pintail/internal/idp" {
			continue
		}
		found = true
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "pintail/") && imported != "pintail/internal/clock" {
				t.Errorf("%s imports %s: of this house it needs the clock only", p.ImportPath, imported)
			}
		}
	}
	if !found {
		t.Error("no package pintail/internal/idp")
	}
}
