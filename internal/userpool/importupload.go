package userpool

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool/csvimport"
)

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
