package eventfile

import (
	"io"
	"time"

	"github.com/parquet-go/parquet-go"

	"pintail/internal/eventstore"
)

// Row is an event in a Parquet file. Its columns are those of the event store;
// what an event lacks is null. Times are in UTC.
type Row struct {
	App             string             `parquet:"app,dict"`
	EventTime       time.Time          `parquet:"event_time,timestamp(millisecond)"`
	Arrival         time.Time          `parquet:"arrival,timestamp(millisecond)"`
	EventType       string             `parquet:"event_type,dict"`
	EventID         string             `parquet:"event_id,optional"`
	EndpointID      string             `parquet:"endpoint_id,optional,dict"`
	UserID          string             `parquet:"user_id,optional,dict"`
	SessionID       string             `parquet:"session_id,optional,dict"`
	SessionStart    *time.Time         `parquet:"session_start,optional,timestamp(millisecond)"`
	SessionStop     *time.Time         `parquet:"session_stop,optional,timestamp(millisecond)"`
	SessionMillis   int64              `parquet:"session_ms,optional"`
	AppPackageName  string             `parquet:"app_package_name,optional,dict"`
	AppTitle        string             `parquet:"app_title,optional,dict"`
	AppVersionCode  string             `parquet:"app_version_code,optional,dict"`
	AppVersion      string             `parquet:"app_version,optional,dict"`
	SDKName         string             `parquet:"sdk_name,optional,dict"`
	SDKVersion      string             `parquet:"sdk_version,optional,dict"`
	Platform        string             `parquet:"platform,optional,dict"`
	PlatformVersion string             `parquet:"platform_version,optional,dict"`
	Make            string             `parquet:"make,optional,dict"`
	Model           string             `parquet:"model,optional,dict"`
	Locale          string             `parquet:"locale,optional,dict"`
	Country         string             `parquet:"country,optional,dict"`
	ChannelType     string             `parquet:"channel_type,optional,dict"`
	Timezone        string             `parquet:"timezone,optional,dict"`
	CognitoID       string             `parquet:"cognito_id,optional,dict"`
	CognitoPoolID   string             `parquet:"cognito_pool_id,optional,dict"`
	Attributes      map[string]string  `parquet:"attributes"`
	Metrics         map[string]float64 `parquet:"metrics"`
}

// newRow returns an event as a row.
func newRow(e *eventstore.Event) Row {
	return Row{
		App: e.App, EventTime: e.Timestamp, Arrival: e.Arrival, EventType: e.Type, EventID: e.EventID,
		EndpointID: e.EndpointID, UserID: e.UserID,
		SessionID: e.Session.ID, SessionStart: orNull(e.Session.Start), SessionStop: orNull(e.Session.Stop),
		SessionMillis:  e.Session.Duration.Milliseconds(),
		AppPackageName: e.AppPackageName, AppTitle: e.AppTitle, AppVersionCode: e.AppVersionCode, AppVersion: e.AppVersion,
		SDKName: e.SDKName, SDKVersion: e.SDKVersion,
		Platform: e.Platform, PlatformVersion: e.PlatformVersion, Make: e.Make, Model: e.Model,
		Locale: e.Locale, Country: e.Country, ChannelType: e.ChannelType,
		Timezone: e.Timezone, CognitoID: e.CognitoID, CognitoPoolID: e.CognitoPoolID,
		Attributes: e.Attributes, Metrics: e.Metrics,
	}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

const (
	// groupRows is how many rows a row group has: what a file holds in memory.
	groupRows = 64 << 10
	// atOnce is how many rows are handed to the library at a time.
	atOnce = 256
)

// table is a Parquet file.
type table struct {
	file *parquet.GenericWriter[Row]
	rows []Row
}

func newTable(out io.Writer) *table {
	return &table{
		file: parquet.NewGenericWriter[Row](out, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(groupRows),
			parquet.CreatedBy("pintail", "1", "")),
		rows: make([]Row, 0, atOnce),
	}
}

// Write implements Writer.
func (w *table) Write(e *eventstore.Event) error {
	if w.rows = append(w.rows, newRow(e)); len(w.rows) < atOnce {
		return nil
	}
	return w.flush()
}

func (w *table) flush() error {
	_, err := w.file.Write(w.rows)
	w.rows = w.rows[:0]
	return err
}

// Close implements Writer.
func (w *table) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.file.Close()
}
