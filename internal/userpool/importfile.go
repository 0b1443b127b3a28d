package userpool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"pintail/internal/store"
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
