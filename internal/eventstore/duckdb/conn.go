package duckdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// interruptEvery is how often a statement whose context has ended is told to
// stop: DuckDB forgets an interrupt that comes before the statement has begun.
const interruptEvery = 20 * time.Millisecond

// connection is one DuckDB connection. It runs one statement at a time.
type connection struct {
	raw mapping.Connection
}

func connect(db mapping.Database) (*connection, error) {
	c := new(connection)
	if mapping.Connect(db, &c.raw) == mapping.StateError {
		return nil, errors.New("duckdb: cannot connect")
	}
	return c, nil
}

func (c *connection) close() { mapping.Disconnect(&c.raw) }

// exec runs statements without parameters whose rows nobody needs.
func (c *connection) exec(sql string) error {
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.Query(c.raw, sql, &result) == mapping.StateError {
		return fmt.Errorf("duckdb: %s", mapping.ResultError(&result))
	}
	return nil
}

// query runs one statement and calls each, which may be nil, for every chunk of
// its rows. Arguments are string, int64, uint64, float64 and time.Time.
func (c *connection) query(ctx context.Context, sql string, args []any, each func(rows result) error) error {
	var statement mapping.PreparedStatement
	defer mapping.DestroyPrepare(&statement)
	if mapping.Prepare(c.raw, sql, &statement) == mapping.StateError {
		return fmt.Errorf("duckdb: %s", mapping.PrepareError(statement))
	}
	for i, arg := range args {
		if err := bind(statement, mapping.IdxT(i+1), arg); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := c.interruptAfter(ctx)
	defer stop()
	var res mapping.Result
	defer mapping.DestroyResult(&res)
	if mapping.ExecutePrepared(statement, &res) == mapping.StateError {
		if err := ctx.Err(); err != nil {
			return err
		}
		return fmt.Errorf("duckdb: %s", mapping.ResultError(&res))
	}
	for each != nil {
		more, err := eachChunk(res, each)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

func eachChunk(res mapping.Result, each func(result) error) (more bool, err error) {
	chunk := mapping.FetchChunk(res)
	if chunk.Ptr == nil {
		return false, nil
	}
	defer mapping.DestroyDataChunk(&chunk)
	rows := int(mapping.DataChunkGetSize(chunk))
	if rows == 0 {
		return false, nil
	}
	return true, each(result{chunk: chunk, rows: rows})
}

func bind(statement mapping.PreparedStatement, i mapping.IdxT, arg any) error {
	state := mapping.State(mapping.StateError)
	switch v := arg.(type) {
	case string:
		state = mapping.BindVarchar(statement, i, v)
	case int64:
		state = mapping.BindInt64(statement, i, v)
	case float64:
		state = mapping.BindDouble(statement, i, v)
	case uint64:
		state = mapping.BindUInt64(statement, i, v)
	case time.Time:
		state = mapping.BindTimestamp(statement, i, mapping.NewTimestamp(v.UnixMicro()))
	}
	if state == mapping.StateError {
		return fmt.Errorf("duckdb: cannot bind parameter %d, a %T", i, arg)
	}
	return nil
}

// interruptAfter stops the connection's statement when ctx ends. The function
// that it returns must be called when the statement is done.
func (c *connection) interruptAfter(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		ticker := time.NewTicker(interruptEvery)
		defer ticker.Stop()
		for {
			mapping.Interrupt(c.raw)
			select {
			case <-done:
				return
			case <-ticker.C:
			}
		}
	}()
	return func() { close(done); <-ended }
}

// result is a chunk of a query's rows, valid during the call it is given to.
type result struct {
	chunk mapping.DataChunk
	rows  int
}

func (r result) vector(column int) mapping.Vector {
	return mapping.DataChunkGetVector(r.chunk, mapping.IdxT(column))
}

// int64s returns a column of type BIGINT.
func (r result) int64s(column int) []int64 { return values[int64](r.vector(column), r.rows) }

// texts returns a column of type VARCHAR.
func (r result) texts(column int) []text { return values[text](r.vector(column), r.rows) }
