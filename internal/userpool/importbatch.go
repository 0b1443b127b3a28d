package userpool

import (
	"errors"
	"io"

	"pintail/internal/store"
	"pintail/internal/userpool/csvimport"
)

// importRow is a row on its way to become a user, or why it will not.
type importRow struct {
	line    int
	user    *user
	problem string
}

// read reads the next rows of the file. What can be known about them without the
// directory is known then.
func (r *importRun) read() (batch []importRow, last bool, err error) {
	for len(batch) < rowsAtOnce {
		row, line, err := r.rows.Next()
		if errors.Is(err, io.EOF) {
			return batch, true, nil
		}
		if err != nil && !errors.Is(err, csvimport.ErrTooLong) {
			return nil, false, err
		}
		batch = append(batch, r.parse(row, line, err))
	}
	return batch, false, nil
}

func (r *importRun) parse(row []byte, line int, err error) importRow {
	parsed := importRow{line: line}
	var values map[string]string
	if err == nil {
		values, err = r.header.Row(row)
	}
	if err == nil {
		parsed.user, err = r.importedUser(r.pool, r.job.Settings.PasswordHashingAlgorithm, values, r.clock.Now())
	}
	if err != nil {
		parsed.problem = rowProblem(err)
	}
	return parsed
}

// importBatch stores the users of a batch, what became of every row, and the counts.
func (r *importRun) importBatch(tx store.Tx, j *importJob, batch []importRow) error {
	if len(batch) == 0 {
		return nil
	}
	log := &importLines{Job: r.Job, First: batch[0].line}
	for _, row := range batch {
		became, text := rowFailed, row.problem
		if row.user != nil {
			var err error
			if became, text, err = r.pool.storeImported(tx, row.user); err != nil {
				return err
			}
		}
		log.add(became, row.line, text)
		switch became {
		case rowSucceeded:
			*j.Settings.ImportedUsers++
		case rowSkipped:
			*j.Settings.SkippedUsers++
		default:
			*j.Settings.FailedUsers++
		}
	}
	return importLogs.Insert(tx, r.Pool, log.id(), log)
}

// storeImported stores an imported user, unless somebody has their name or one of their
// aliases.
func (p *pool) storeImported(tx store.Tx, u *user) (became outcome, text string, err error) {
	if !p.namedByAddress() { // where the username is an id just made
		switch _, err := p.resolve(tx, u.Username); {
		case err == nil:
			return rowSkipped, "The user already exists.", nil
		case !errors.Is(err, store.ErrNotFound):
			return "", "", err
		}
	}
	for _, kind := range p.aliasKinds() {
		switch taken, err := p.isTaken(tx, u, kind); {
		case err != nil:
			return "", "", err
		case taken && p.namedByAddress():
			return rowSkipped, "The user already exists.", nil
		case taken:
			return rowFailed, "An account with the given " + kind + " already exists.", nil
		}
	}
	return rowSucceeded, "The import succeeded.", p.insert(tx, u, false)
}

// isTaken tells whether the name that a new user would have by an attribute is
// somebody's.
func (p *pool) isTaken(tx store.Tx, u *user, kind string) (bool, error) {
	id := p.activeAliases(u)[kind]
	if id == "" {
		return false, nil
	}
	var err error
	if kind == attrPreferredUsername { // which must not mean anybody in another way either
		_, err = p.resolve(tx, u.Attributes[kind])
	} else {
		_, err = aliases.Get(tx, p.Id, id)
	}
	return err == nil, unlessAbsent(err)
}
