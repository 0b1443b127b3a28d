package userpool

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool/csvimport"
)

// importFile is an uploaded file. Its content is in chunks, all but the last of them
// of the same size.
type importFile struct {
	ID     string
	Size   int64
	Chunks int
	Rows   int // without the header
}

// importChunk is a part of an uploaded file. The pool owns it, and its id is the
// job's, the upload's and its number, so that the chunks of a job follow each other.
type importChunk struct {
	Job, Upload string
	Number      int
	Data        []byte // sealed: it may hold password hashes
}

var importChunks = store.NewCollection[importChunk]("user_import_chunk")

// importChunkSize is how much of a file is in a chunk, in bytes.
const importChunkSize = 256 << 10

func (c *importChunk) id() string { return fmt.Sprintf("%s/%s/%06d", c.Job, c.Upload, c.Number) }

// sealedFor are the names that the chunk's data is sealed for.
func (c *importChunk) sealedFor(poolID string) []string {
	return []string{poolID, c.Job, c.Upload, strconv.Itoa(c.Number)}
}

// importURL is where the file of a job is to be uploaded, for a while after the job
// was made.
func (s *Service) importURL(j *importJob) string {
	poolID, jobID := j.Settings.UserPoolId, j.Settings.JobId
	token := s.uploads.SealToken(j.Settings.CreationDate.Add(importURLLife), nil, poolID, jobID)
	return s.baseURL() + "/_pintail/import/" + url.PathEscape(poolID) + "/" + jobID + "?token=" + token
}

// serveUpload takes the file of an import job. It answers as S3 does, to whose URLs
// AWS's clients upload.
func (s *Service) serveUpload(w http.ResponseWriter, r *http.Request) {
	poolID, jobID := r.PathValue("poolId"), r.PathValue("jobId")
	_, err := s.uploads.OpenToken(s.clock.Now(), r.URL.Query().Get("token"), poolID, jobID)
	switch {
	case errors.Is(err, keys.ErrExpired):
		refuseUpload(w, http.StatusForbidden, "AccessDenied", "Request has expired")
		return
	case err != nil:
		refuseUpload(w, http.StatusForbidden, "AccessDenied", "Access Denied")
		return
	case r.ContentLength > csvimport.MaxFile:
		refuseTooLarge(w)
		return
	}
	body := patient{http.MaxBytesReader(w, r.Body, csvimport.MaxFile), http.NewResponseController(w)}
	switch err := s.keepUpload(r.Context(), poolID, jobID, body); {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, errUploadClosed):
		refuseUpload(w, http.StatusForbidden, "AccessDenied", "The import job takes no file any more.")
	case errors.Is(err, errUploadBody):
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			refuseTooLarge(w)
			return
		}
		refuseUpload(w, http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header.")
	default:
		refuseUpload(w, http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
	}
}

func refuseTooLarge(w http.ResponseWriter) {
	refuseUpload(w, http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
}

func refuseUpload(w http.ResponseWriter, status int, code, message string) {
	answer := struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: message}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, xml.Header) // a reader who went away is nobody's fault
	_ = xml.NewEncoder(w).Encode(answer)
}

// uploadPause is for how long an upload may stand still.
const uploadPause = 30 * time.Second

// patient reads a body for as long as something arrives: a file of the largest size
// takes longer than the server gives other requests.
type patient struct {
	body io.Reader
	conn *http.ResponseController
}

// Read implements io.Reader.
func (p patient) Read(b []byte) (int, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(uploadPause)) // where it cannot be set there is none
	return p.body.Read(b)
}

var (
	// errUploadClosed says that the job is gone or waits for no file.
	errUploadClosed = errors.New("userpool: the import job takes no file")
	// errUploadBody wraps what went wrong on the client's side.
	errUploadBody = errors.New("userpool: the file did not arrive")
)

// keepUpload stores a file chunk by chunk and makes it the job's once it is there as
// a whole. Until then nobody sees it, and an earlier one stays.
func (s *Service) keepUpload(ctx context.Context, poolID, jobID string, body io.Reader) error {
	file := &importFile{ID: ids.UUID()}
	err := s.keepChunks(ctx, poolID, jobID, file, body)
	var old *importFile
	if err == nil {
		err = s.changeOpenImport(ctx, poolID, jobID, func(_ store.Tx, j *importJob) error {
			old, j.Upload = j.Upload, file
			return nil
		})
	}
	if err != nil {
		old = file
	}
	if old != nil { // what is left behind here goes with the job's end
		_ = s.dropUpload(context.WithoutCancel(ctx), poolID, jobID, old)
	}
	return err
}

// keepChunks stores the chunks of a file, and fills in what there is to know of it.
func (s *Service) keepChunks(ctx context.Context, poolID, jobID string, file *importFile, body io.Reader) error {
	buffer := make([]byte, importChunkSize)
	var rows csvimport.Counter
	for {
		n, ended := fill(body, buffer)
		if ended != nil && !errors.Is(ended, io.EOF) {
			return errors.Join(errUploadBody, ended)
		}
		if n > 0 {
			_, _ = rows.Write(buffer[:n])
			chunk := &importChunk{Job: jobID, Upload: file.ID, Number: file.Chunks}
			chunk.Data = s.uploads.Seal(buffer[:n], chunk.sealedFor(poolID)...)
			err := s.changeOpenImport(ctx, poolID, jobID, func(tx store.Tx, _ *importJob) error {
				return importChunks.Insert(tx, poolID, chunk.id(), chunk)
			})
			if err != nil {
				return err
			}
			file.Chunks++
			file.Size += int64(n)
		}
		if ended != nil {
			file.Rows = max(rows.Rows()-1, 0)
			return nil
		}
	}
}

// fill reads until the buffer is full or the reader has ended. Unlike io.ReadFull it
// tells a body that was cut short from one that is complete.
func fill(r io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var m int
		m, err = r.Read(buffer[n:])
		n += m
	}
	return n, err
}

// changeOpenImport lets change work on a job that waits for its file, and stores it.
func (s *Service) changeOpenImport(ctx context.Context, poolID, jobID string, change func(store.Tx, *importJob) error) error {
	return s.db.Update(ctx, func(tx store.Tx) error {
		_, err := importJobs.Modify(tx, poolID, jobID, func(j *importJob) error {
			if j.Settings.Status != cognitoidp.UserImportJobStatusTypeCreated {
				return errUploadClosed
			}
			return change(tx, j)
		})
		if errors.Is(err, store.ErrNotFound) {
			return errUploadClosed
		}
		return err
	})
}

// chunksAtOnce is how many chunks a transaction deletes.
const chunksAtOnce = 16

// dropUpload deletes the chunks of a file.
func (s *Service) dropUpload(ctx context.Context, poolID, jobID string, file *importFile) error {
	for first := 0; first < file.Chunks; first += chunksAtOnce {
		err := s.db.Update(ctx, func(tx store.Tx) error {
			for n := first; n < min(first+chunksAtOnce, file.Chunks); n++ {
				chunk := &importChunk{Job: jobID, Upload: file.ID, Number: n}
				if err := importChunks.Delete(tx, poolID, chunk.id()); err != nil && !errors.Is(err, store.ErrNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropUploads deletes everything that was uploaded for a job, also what an upload
// left behind that did not come to its end.
func (s *Service) dropUploads(ctx context.Context, poolID, jobID string) error {
	for more := true; more; {
		err := s.db.Update(ctx, func(tx store.Tx) error {
			more = false
			q := store.Query{After: store.Cursor{ID: jobID + "/"}, Limit: chunksAtOnce}
			found, _, err := importChunks.List(tx, poolID, q)
			if err != nil {
				return err
			}
			for _, chunk := range found {
				if chunk.Job != jobID {
					return nil
				}
				more = true
				if err := importChunks.Delete(tx, poolID, chunk.id()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// uploaded reads a job's file from an offset on.
type uploaded struct {
	*Service
	ctx         context.Context
	pool, job   string
	file        *importFile
	next, start int // the next chunk, and where to begin in it
	rest        []byte
}

func (s *Service) openUpload(ctx context.Context, poolID, jobID string, file *importFile, offset int64) *uploaded {
	return &uploaded{
		Service: s, ctx: ctx, pool: poolID, job: jobID, file: file,
		next: int(offset / importChunkSize), start: int(offset % importChunkSize),
	}
}

// Read implements io.Reader.
func (u *uploaded) Read(b []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.next >= u.file.Chunks {
			return 0, io.EOF
		}
		if err := u.load(); err != nil {
			return 0, err
		}
	}
	n := copy(b, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// load reads the next chunk.
func (u *uploaded) load() error {
	var chunk *importChunk
	err := u.db.View(u.ctx, func(tx store.Tx) (err error) {
		chunk, err = importChunks.Get(tx, u.pool, (&importChunk{Job: u.job, Upload: u.file.ID, Number: u.next}).id())
		return err
	})
	if err != nil {
		return err
	}
	data, err := u.uploads.Open(chunk.Data, chunk.sealedFor(u.pool)...)
	if err != nil {
		return err
	}
	u.rest = data[min(u.start, len(data)):]
	u.next, u.start = u.next+1, 0
	return nil
}
