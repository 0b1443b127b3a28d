package userpool_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/job"
	"pintail/internal/userpool"
)

const logRole = "arn:aws:iam::" + account + ":role/logs"

// header is GetCSVHeader.
func (w *world) header(p *types.UserPoolType) []string {
	w.t.Helper()
	out, err := w.GetCSVHeader(w.t.Context(), &idp.GetCSVHeaderInput{UserPoolId: p.Id})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.CSVHeader
}

// row is a row of a file with these columns, of names and values in turn.
func row(columns []string, pairs ...string) string {
	values := make([]string, len(columns))
	for i := 0; i < len(pairs); i += 2 {
		values[slices.Index(columns, pairs[i])] = strings.ReplaceAll(pairs[i+1], ",", `\,`)
	}
	return strings.Join(values, ",") + "\n"
}

// person is a row that can be imported.
func person(columns []string, name string, pairs ...string) string {
	return row(columns, append([]string{"cognito:username", name, "email", name + "@example.org", "email_verified", "TRUE"}, pairs...)...)
}

func (w *world) importJob(p *types.UserPoolType) *types.UserImportJobType {
	w.t.Helper()
	out, err := w.CreateUserImportJob(w.t.Context(), &idp.CreateUserImportJobInput{
		UserPoolId: p.Id, JobName: aws.String("move"), CloudWatchLogsRoleArn: aws.String(logRole),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserImportJob
}

// put uploads a file as the developer guide says and returns the answer.
func (w *world) put(url string, body io.Reader) (status int, text string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPut, url, body)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("x-amz-server-side-encryption", "aws:kms")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

// uploaded makes a job and uploads its file.
func (w *world) uploaded(p *types.UserPoolType, file string) *types.UserImportJobType {
	w.t.Helper()
	j := w.importJob(p)
	if status, text := w.put(*j.PreSignedUrl, strings.NewReader(file)); status != http.StatusOK || text != "" {
		w.t.Fatalf("the upload answered %d %s", status, text)
	}
	return j
}

func (w *world) startImport(j *types.UserImportJobType) (*types.UserImportJobType, error) {
	out, err := w.StartUserImportJob(w.t.Context(), &idp.StartUserImportJobInput{UserPoolId: j.UserPoolId, JobId: j.JobId})
	if err != nil {
		return nil, err
	}
	return out.UserImportJob, nil
}

func (w *world) theImport(j *types.UserImportJobType) *types.UserImportJobType {
	w.t.Helper()
	out, err := w.DescribeUserImportJob(w.t.Context(), &idp.DescribeUserImportJobInput{UserPoolId: j.UserPoolId, JobId: j.JobId})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.UserImportJob
}

// imported uploads a file, runs its job to the end and returns the job. The world
// must work.
func (w *world) imported(p *types.UserPoolType, file string) *types.UserImportJobType {
	w.t.Helper()
	j := w.uploaded(p, file)
	if _, err := w.startImport(j); err != nil {
		w.t.Fatal(err)
	}
	w.await(j)
	return w.theImport(j)
}

// await waits until the queue has run all of these jobs, and no other.
func (w *world) await(jobs ...*types.UserImportJobType) {
	w.t.Helper()
	for len(jobs) > 0 {
		select {
		case e := <-w.ended:
			if e.Outcome != job.Done {
				w.t.Fatalf("%+v", e)
			}
			left := len(jobs)
			jobs = slices.DeleteFunc(jobs, func(j *types.UserImportJobType) bool { return *j.JobId == e.ID })
			if len(jobs) == left {
				w.t.Fatalf("unexpected %+v", e)
			}
		case <-w.t.Context().Done():
			w.t.Fatal(w.t.Context().Err())
		}
	}
}

// later lets time go on. It takes a new client, because one that has had an answer
// since would sign for the new time, which the machine does not have.
func (w *world) later(d time.Duration) {
	w.clock.Advance(d)
	w.Client = w.clientIn(region)
}

// importLog returns all lines of a job's log.
func (w *world) importLog(j *types.UserImportJobType) (all []string) {
	w.t.Helper()
	for after := ""; ; {
		page, err := w.service.ImportLog(w.t.Context(), *j.UserPoolId, *j.JobId, after)
		if err != nil {
			w.t.Fatal(err)
		}
		if all = append(all, page.Lines...); !page.More {
			return all
		}
		after = page.Next
	}
}

// wantJob checks a job's last state.
func wantJob(t *testing.T, j *types.UserImportJobType, status types.UserImportJobStatusType, message string, imported, skipped, failed int64) {
	t.Helper()
	if j.Status != status || aws.ToString(j.CompletionMessage) != message || j.ImportedUsers != imported || j.SkippedUsers != skipped || j.FailedUsers != failed {
		t.Errorf("job %s %q: %d imported, %d skipped, %d failed\nwant %s %q: %d, %d, %d", j.Status, aws.ToString(j.CompletionMessage),
			j.ImportedUsers, j.SkippedUsers, j.FailedUsers, status, message, imported, skipped, failed)
	}
}

func TestUserImport(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		w.work()
		p := w.pool(withCustom)
		app := w.app(p)
		w.member(app, "taken")
		columns := w.header(p)
		j := w.uploaded(p, strings.Join(columns, ",")+"\n"+
			person(columns, "ada", "name", "Lovelace, Ada", "birthdate", "12/10/1815", "updated_at", "1471453471",
				"custom:tier", "gold", "custom:flag", "TRUE", "phone_number", "+441234", "phone_number_verified", "FALSE", "cognito:mfa_enabled", "FALSE")+
			person(columns, "taken")+
			row(columns, "cognito:username", "bob", "email", "bob@example.org", "email_verified", "FALSE")+
			"\n"+person(columns, "ada", "email", "other@example.org"))
		if !regexp.MustCompile(`^import-[0-9A-Za-z]{10}$`).MatchString(*j.JobId) || j.Status != "Created" || *j.JobName != "move" ||
			*j.CloudWatchLogsRoleArn != logRole || j.StartDate != nil || j.CompletionDate != nil || j.CreationDate == nil {
			t.Errorf("created %+v", j)
		}
		started, err := w.startImport(j)
		if err != nil {
			t.Fatal(err)
		}
		if started.Status != "Pending" || started.StartDate == nil {
			t.Errorf("started %+v", started)
		}
		w.await(j)
		done := w.theImport(j)
		wantJob(t, done, "Succeeded", "Import Job Completed Successfully.", 1, 2, 1)
		if done.CompletionDate == nil {
			t.Error("no CompletionDate")
		}
		want := []string{
			"[SUCCEEDED] Line Number 2 - The import succeeded.",
			"[SKIPPED] Line Number 3 - The user already exists.",
			"[FAILED] Line Number 4 - The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true).",
			"[SKIPPED] Line Number 6 - The user already exists.",
		}
		if diff := cmp.Diff(want, w.importLog(j)); diff != "" {
			t.Error(diff)
		}
		u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: aws.String("ada")})
		if err != nil {
			t.Fatal(err)
		}
		got := values(u.UserAttributes)
		delete(got, "sub")
		attributes := map[string]string{
			"email": "ada@example.org", "email_verified": "true", "name": "Lovelace, Ada", "birthdate": "1815-12-10", "updated_at": "1471453471",
			"custom:tier": "gold", "custom:flag": "true", "phone_number": "+441234", "phone_number_verified": "false",
		}
		if diff := cmp.Diff(attributes, got); diff != "" || u.UserStatus != "RESET_REQUIRED" || !u.Enabled {
			t.Errorf("user %s\n%s", u.UserStatus, diff)
		}
		if left, err := userpool.CountChunks(t.Context(), w.service, *p.Id); err != nil || left != 0 {
			t.Errorf("%d chunks are left, %v", left, err)
		}
		if _, err := w.startImport(j); err == nil {
			t.Error("a job was started twice")
		}
	})
}

func TestCSVHeader(t *testing.T) {
	t.Parallel()
	w := boot(t)
	want := "name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender," +
		"birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at," +
		"custom:tier,custom:born,custom:flag,custom:since,dev:custom:secret,cognito:mfa_enabled,cognito:username"
	if got := strings.Join(w.header(w.pool(withCustom)), ","); got != want {
		t.Errorf("header\n%s\nwant\n%s", got, want)
	}
}

// A file that is no file of users fails as a whole, and nothing of it is imported.
func TestImportFailures(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.work()
	p := w.pool()
	columns := w.header(p)
	head := strings.Join(columns, ",") + "\n"
	for name, test := range map[string]struct{ file, message string }{
		"an empty file":    {"", "The file has no header."},
		"a column less":    {strings.Join(columns[1:], ",") + "\n" + person(columns[1:], "ada"), "The header lacks the column: name."},
		"a column more":    {"colour," + head + "," + person(columns, "ada"), "The header has an unknown column: colour."},
		"a strange column": {"a\x00\x1b[31mb," + head, "The header has an unknown column: a[31mb."},
		"no header":        {person(columns, "ada"), "The header has a column without a name."},
		"a byte order":     {"\uFEFF" + head + person(columns, "ada"), "The file begins with a byte order mark."},
		"too many users":   {head + strings.Repeat("x\n", 500_001), "The file has more than 500000 users."},
		"failures only":    {head + "x\n", "Too many users have failed or been skipped during the import."},
		"an endless line":  {strings.Repeat("x", 1<<20), "The file has no header."},
	} {
		j := w.imported(p, test.file)
		failed := int64(0)
		if name == "failures only" {
			failed = 1
		}
		t.Run(name, func(t *testing.T) { wantJob(t, j, "Failed", test.message, 0, 0, failed) })
	}
	wantJob(t, w.imported(p, head), "Succeeded", "Import Job Completed Successfully.", 0, 0, 0)
}

// crowd is a file of many users.
func crowd(columns []string, n int) string {
	var file strings.Builder
	file.WriteString(strings.Join(columns, ",") + "\n")
	for i := range n {
		file.WriteString(person(columns, fmt.Sprintf("user%06d", i)))
	}
	return file.String()
}

// A process that is killed in the middle, another that takes over, and two that work
// at once: every row is imported once, and told of once.
func TestImportSurvivesCrashes(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		const people = 10_000
		j := w.uploaded(p, crowd(w.header(p), people))
		if _, err := w.startImport(j); err != nil {
			t.Fatal(err)
		}
		for steps := range 3 {
			w.start() // a new process
			if err := userpool.ImportSteps(t.Context(), w.service, *p.Id, *j.JobId, steps); err != nil {
				t.Fatal(err)
			}
		}
		if now := w.theImport(j); now.Status != "InProgress" || now.ImportedUsers != 600 {
			t.Fatalf("after three batches: %s, %d imported", now.Status, now.ImportedUsers)
		}
		errs := make([]error, 3)
		together(3, func(i int) { errs[i] = userpool.ImportRun(t.Context(), w.service, *p.Id, *j.JobId) })
		if !slices.Contains(errs, nil) {
			t.Fatalf("no run came to its end: %v", errs)
		}
		w.start()
		w.work()
		w.await(j)
		wantJob(t, w.theImport(j), "Succeeded", "Import Job Completed Successfully.", people, 0, 0)
		log := w.importLog(j)
		for i, line := range log {
			if want := fmt.Sprintf("[SUCCEEDED] Line Number %d - The import succeeded.", i+2); line != want {
				t.Fatalf("line %d of the log: %s", i, line)
			}
		}
		pool, err := w.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: p.Id})
		if err != nil {
			t.Fatal(err)
		}
		if pool.UserPool.EstimatedNumberOfUsers != people || len(log) != people {
			t.Errorf("%d users, %d lines", pool.UserPool.EstimatedNumberOfUsers, len(log))
		}
	})
}

func TestStopUserImport(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	stop := func(j *types.UserImportJobType) (*idp.StopUserImportJobOutput, error) {
		return w.StopUserImportJob(t.Context(), &idp.StopUserImportJobInput{UserPoolId: p.Id, JobId: j.JobId})
	}
	const message = "The Import Job was stopped by the developer."
	running := w.uploaded(p, crowd(w.header(p), 1000))
	_, err := stop(running)
	wants(t, err, "PreconditionNotMetException", "User import job "+*running.JobId+" cannot be stopped. Its status is Created.")
	if _, err := w.startImport(running); err != nil {
		t.Fatal(err)
	}
	if err := userpool.ImportSteps(t.Context(), w.service, *p.Id, *running.JobId, 2); err != nil {
		t.Fatal(err)
	}
	out, err := stop(running)
	if err != nil {
		t.Fatal(err)
	}
	if out.UserImportJob.Status != "Stopping" {
		t.Errorf("status %s", out.UserImportJob.Status)
	}
	w.work()
	w.await(running)
	wantJob(t, w.theImport(running), "Stopped", message, 400, 0, 0)
	_, err = stop(running)
	wants(t, err, "PreconditionNotMetException", "User import job "+*running.JobId+" cannot be stopped. Its status is Stopped.")

	w.start() // nobody works here
	pending := w.uploaded(p, crowd(w.header(p), 3))
	if _, err := w.startImport(pending); err != nil {
		t.Fatal(err)
	}
	if _, err = stop(pending); err != nil {
		t.Fatal(err)
	}
	wantJob(t, w.theImport(pending), "Stopped", message, 0, 0, 0)
	if err := userpool.ImportRun(t.Context(), w.service, *p.Id, *pending.JobId); err != nil {
		t.Fatal(err)
	}
	if left, err := userpool.CountChunks(t.Context(), w.service, *p.Id); err != nil || left != 0 {
		t.Errorf("%d chunks are left, %v", left, err)
	}
}

// While users are imported into a pool nobody changes it, and no other job starts.
func TestPoolDuringImport(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p, other := w.pool(), w.pool()
		first, second := w.uploaded(p, crowd(w.header(p), 3)), w.uploaded(p, crowd(w.header(p), 3))
		elsewhere := w.uploaded(other, crowd(w.header(p), 3))
		for _, j := range []*types.UserImportJobType{first, elsewhere} {
			if _, err := w.startImport(j); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.startImport(second)
		wants(t, err, "PreconditionNotMetException", "User pool "+*p.Id+" already has a user import in progress.")
		_, deletion := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id})
		_, update := w.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id})
		_, attribute := w.AddCustomAttributes(t.Context(), &idp.AddCustomAttributesInput{
			UserPoolId: p.Id, CustomAttributes: []types.SchemaAttributeType{{Name: aws.String("x"), AttributeDataType: "String"}},
		})
		for _, err := range []error{deletion, update, attribute} {
			wants(t, err, "UserImportInProgressException", "User pool "+*p.Id+" has a user import in progress.")
		}
		w.work()
		w.await(first, elsewhere)
		if _, err = w.startImport(second); err != nil {
			t.Fatal(err)
		}
		w.await(second)
		wantJob(t, w.theImport(second), "Failed", "Too many users have failed or been skipped during the import.", 0, 3, 0)
		if _, err = w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	create := func(pool, role string) error {
		_, err := w.CreateUserImportJob(t.Context(), &idp.CreateUserImportJobInput{UserPoolId: &pool, JobName: aws.String("j"), CloudWatchLogsRoleArn: &role})
		return err
	}
	wants(t, create("us-east-1_nobody", logRole), "ResourceNotFoundException", "User pool us-east-1_nobody does not exist.")
	wants(t, create(*p.Id, "arn:aws:iam::"+account+":user/logs"), invalidParameter, "CloudWatchLogsRoleArn must be the ARN of an IAM role.")

	none := &types.UserImportJobType{UserPoolId: p.Id, JobId: aws.String("import-0123456789")}
	_, err := w.startImport(none)
	wants(t, err, "ResourceNotFoundException", "User import job import-0123456789 does not exist.")
	_, err = w.DescribeUserImportJob(t.Context(), &idp.DescribeUserImportJobInput{UserPoolId: p.Id, JobId: none.JobId})
	wants(t, err, "ResourceNotFoundException", "User import job import-0123456789 does not exist.")

	empty := w.importJob(p)
	_, err = w.startImport(empty)
	wants(t, err, "PreconditionNotMetException", "User import job "+*empty.JobId+" has no file. Upload it to the job's PreSignedUrl first.")

	unverified := w.pool(func(in *idp.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil })
	barred := w.uploaded(unverified, "x")
	_, err = w.startImport(barred)
	wants(t, err, "PreconditionNotMetException", "The user pool has no auto-verified attributes, which a user import needs.")

	late := w.uploaded(p, crowd(w.header(p), 1))
	w.later(24 * time.Hour)
	if got := w.theImport(late).Status; got != "Expired" {
		t.Errorf("status %s", got)
	}
	w.later(0)
	_, err = w.startImport(late)
	wants(t, err, "PreconditionNotMetException", "User import job "+*late.JobId+" cannot be started. Its status is Expired.")
	w.later(0)
	w.work()
	w.await(empty, barred, late)
	if left, err := userpool.CountChunks(t.Context(), w.service, *p.Id); err != nil || left != 0 {
		t.Errorf("%d chunks are left, %v", left, err)
	}
	if got := w.theImport(late).Status; got != "Expired" {
		t.Errorf("status %s", got)
	}
}

func TestListUserImportJobs(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	var want []string
	for range 5 {
		want = append(want, *w.importJob(p).JobId)
	}
	w.importJob(w.pool())
	slices.Reverse(want) // the latest first
	var got []string
	in := &idp.ListUserImportJobsInput{UserPoolId: p.Id, MaxResults: aws.Int32(2)}
	for pages := 1; ; pages++ {
		out, err := w.ListUserImportJobs(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range out.UserImportJobs {
			got = append(got, *j.JobId)
		}
		if in.PaginationToken = out.PaginationToken; in.PaginationToken == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	in.PaginationToken = aws.String("x")
	_, err := w.ListUserImportJobs(t.Context(), in)
	wants(t, err, invalidParameter, "Invalid pagination token.")
}
