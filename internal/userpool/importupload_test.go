package userpool_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pintail/internal/userpool"
)

// cut is a body that ends before its announced length.
type cut struct{ io.Reader }

func (c cut) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestUploads(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		columns := w.header(p)
		j := w.uploaded(p, crowd(columns, 5000)) // two chunks
		refused := func(name string, status int, code, url string, body io.Reader) {
			t.Helper()
			if got, text := w.put(url, body); got != status || !strings.Contains(text, "<Code>"+code+"</Code>") {
				t.Errorf("%s: %d %s", name, got, text)
			}
		}
		other := w.importJob(p)
		small := func() io.Reader { return strings.NewReader("x") }
		token := (*j.PreSignedUrl)[strings.Index(*j.PreSignedUrl, "?"):]
		refused("no token", 403, "AccessDenied", strings.TrimSuffix(*j.PreSignedUrl, token), small())
		refused("another job's token", 403, "AccessDenied", (*other.PreSignedUrl)[:strings.Index(*other.PreSignedUrl, "?")]+token, small())
		refused("a changed token", 403, "AccessDenied", (*j.PreSignedUrl)[:len(*j.PreSignedUrl)-2]+"AA", small())

		// One that breaks off leaves the earlier one in its place.
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, *j.PreSignedUrl, cut{strings.NewReader(crowd(columns, 5000))})
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
			t.Errorf("half a file: %s", answer.Status)
		}

		// One that is complete replaces it.
		if status, _ := w.put(*w.theImport(j).PreSignedUrl, strings.NewReader(crowd(columns, 3))); status != 200 {
			t.Errorf("a second upload answered %d", status)
		}
		soon := w.uploaded(p, "x")
		if _, err := w.startImport(soon); err != nil {
			t.Fatal(err)
		}
		refused("an upload after the start", 403, "AccessDenied", *soon.PreSignedUrl, small())
		w.work()
		w.await(soon)
		w.later(15 * time.Minute)
		refused("a late upload", 403, "AccessDenied", *j.PreSignedUrl, small())
		if _, err := w.startImport(j); err != nil {
			t.Fatal(err)
		}
		w.await(j)
		w.later(0)
		wantJob(t, w.theImport(j), "Succeeded", "Import Job Completed Successfully.", 3, 0, 0)
		if left, err := userpool.CountChunks(t.Context(), w.service, *p.Id); err != nil || left != 0 {
			t.Errorf("%d chunks are left, %v", left, err)
		}
	})
}

func TestLargeUploads(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	j := w.importJob(p)
	large := func() io.Reader { return bytes.NewReader(make([]byte, 100<<20+1)) }
	for name, body := range map[string]io.Reader{"announced": large(), "not announced": io.MultiReader(large())} {
		if status, text := w.put(*j.PreSignedUrl, body); status != 400 || !strings.Contains(text, "<Code>EntityTooLarge</Code>") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if left, err := userpool.CountChunks(t.Context(), w.service, *p.Id); err != nil || left != 0 {
		t.Errorf("%d chunks are left, %v", left, err)
	}
}
