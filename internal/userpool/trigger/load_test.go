package trigger_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/destination"
	"pintail/internal/userpool/trigger"
)

// Every entry that is wrong is named, with what to do about it.
func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	to := func(arn, text string) string { return `{"destinations":{"` + arn + `":` + text + `}}` }
	const stream = "arn:aws:kinesis:us-east-1:1:stream/s"
	entry := func(text string) string { return `{"triggers":{"` + arn + `":` + text + `}}` }
	for file, want := range map[string]string{
		``:                                       "EOF",
		`{"trigger":{}}`:                         "unknown object member name",
		`{"timeout":"5"}`:                        `timeout, "5": give a duration up to one minute, for example "5s"`,
		`{"timeout":"-1s"}`:                      `timeout, "-1s"`,
		`{"timeout":"2h"}`:                       `timeout, "2h"`,
		`{"triggers":{"pre-sign-up":{}}}`:        `triggers, "pre-sign-up": is not the ARN of a function, nor its beginning with * at the end`,
		`{"triggers":{"arn:*:function":{}}}`:     `is not the ARN of a function`,
		`{"triggers":{"arn:**":{}}}`:             `is not the ARN of a function`,
		entry(`{}`):                              `triggers, "` + arn + `": give one of webhook, lambda and command`,
		entry(`{"webhook":{},"command":{}}`):     "give one of webhook, lambda and command",
		entry(`{"webhok":{}}`):                   "webhok",
		entry(`{"concurrency":-1}`):              "concurrency is from 1",
		entry(`{"concurrency":100000}`):          "concurrency is from 1",
		entry(`{"webhook":{}}`):                  `webhook.url "" is not a URL`,
		entry(`{"webhook":{"url":"ftp://x"}}`):   `webhook.url "ftp://x" is not a URL`,
		entry(`{"webhook":{"url":"https://x"}}`): "webhook.secret, with which calls are signed, has fewer than 16 characters",
		entry(`{"webhook":{"url":"https://x","secret":{"env":"NOT_SET"}}}`):         "webhook.secret: the environment has no NOT_SET: set it before the server starts",
		entry(`{"webhook":{"url":"https://x","secret":{}}}`):                        `give a text, or {"env": "NAME"}`,
		entry(`{"webhook":{"url":"https://x","secret":{"env":"A","value":"b"}}}`):   "value",
		entry(`{"lambda":{"url":"lambda"}}`):                                        `lambda.url "lambda" is not a URL`,
		entry(`{"lambda":{"url":"https://x","accessKeyId":"A"}}`):                   "lambda has no credentials: give accessKeyId and secretAccessKey",
		entry(`{"lambda":{"url":"https://x","secretAccessKey":{"env":"NOT_SET"}}}`): "the environment has no NOT_SET",
		entry(`{"command":{"argv":[]}}`):                                            "command.argv is empty",
		entry(`{"command":{"argv":["/no/such/program"]}}`):                          "command.argv: ",
		entry(`{"command":{"argv":["/bin/sh"],"env":{"A=B":"c"}}}`):                 `"A=B" cannot be a variable`,
		entry(`{"command":{"argv":["/bin/sh"],"env":{"A":"\u0000"}}}`):              `"A" cannot be a variable`,
		entry(`{"command":{"argv":["/bin/sh"],"env":{"A":{"env":"NOT_SET"}}}}`):     "command.env: the environment has no NOT_SET",
		to("logs", `{}`): `destinations, "logs": is not the ARN of a stream, a delivery stream, a log group or a bucket`,
		to("arn:aws:sqs:us-east-1:1:queue", `{}`):                                            `is not the ARN of a stream, a delivery stream, a log group or a bucket`,
		to("arn:aws:logs:*:1:x", `{}`):                                                       `is not the ARN of a stream, a delivery stream, a log group or a bucket`,
		to("arn:aws:logs:*", `{}`):                                                           `destinations, "arn:aws:logs:*": the destination.url "" is not a URL`,
		to("arn:aws:logs:*", `{"url":"https://x"}`):                                          `destinations, "arn:aws:logs:*": the destination has no credentials: give accessKeyId`,
		to("arn:aws:logs:*", `{"url":"https://x","function":"f"}`):                           "function",
		to("arn:aws:logs:*", `{"lambda":{}}`):                                                "lambda",
		to("arn:aws:s3:::b", `{"url":"https://x"}`):                                          "needs a region: the ARN of a bucket names none",
		to(stream, `{"url":"https://x","nats":{}}`):                                          "give one of url, kafka, nats and webhook",
		to(stream, `{"kafka":{},"webhook":{}}`):                                              "give one of url, kafka, nats and webhook",
		to("arn:aws:logs:*", `{"nats":{}}`):                                                  "only the ARN of a stream or a delivery stream can stand for kafka",
		to("*", `{"kafka":{}}`):                                                              "only the ARN of a stream or a delivery stream can stand for kafka",
		to(stream, `{"kafka":{"topic":"t"}}`):                                                "kafka.brokers is empty",
		to(stream, `{"kafka":{"brokers":["b"],"topic":"t"}}`):                                `kafka.brokers: "b" is not an address`,
		to(stream, `{"kafka":{"brokers":["b:1"]}}`):                                          "kafka.topic is missing",
		to(stream, `{"kafka":{"brokers":["b:1"],"topic":"t","password":"p"}}`):               "kafka.password needs kafka.username",
		to(stream, `{"kafka":{"brokers":["b:1"],"topic":"t","username":{"env":"NOT_SET"}}}`): "kafka.username: the environment has no NOT_SET",
		to(stream, `{"nats":{"url":"http://x","subject":"s"}}`):                              "nats.url is not a URL",
		to(stream, `{"nats":{"url":{"env":"NOT_SET"},"subject":"s"}}`):                       "nats.url: the environment has no NOT_SET",
		to(stream, `{"nats":{"url":"nats://x","subject":"a.>"}}`):                            "nats.subject is not a subject",
		to(stream, `{"webhook":{"url":"https://x","secret":"short"}}`):                       "webhook.secret, with which calls are signed",
		to("*", `{"url":"https://x","accessKeyId":{"env":"NOT_SET"}}`):                       "the destination: the environment has no NOT_SET",
		`{"keys":{"k":{}}}`:                                                                  `keys, "k": raw-aes is not 32 bytes in hexadecimal: make one with openssl rand -hex 32`,
		`{"keys":{"k":{"raw-aes":"00"}}}`:                                                    "raw-aes is not 32 bytes",
		`{"keys":{"k":{"raw-aes":{"env":"NOT_SET"}}}}`:                                       "the environment has no NOT_SET",
		`{"keys":{"k":{"kms":"x"}}}`:                                                         "kms",
	} {
		inv, err := trigger.Parse([]byte(file), trigger.Options{LookupEnv: func(string) (string, bool) { return "", false }})
		if err == nil || inv != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	_, err := trigger.Parse([]byte(`{"timeout":"x","triggers":{"a":{},"b":{}},"keys":{"c":{}}}`), trigger.Options{})
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("not all four mistakes are named: %v", err)
	}
}

// A secret of the file never shows in an error.
func TestMistakesKeepSecrets(t *testing.T) {
	t.Parallel()
	const short = "hunter2"
	_, err := trigger.Parse([]byte(`{"triggers":{"arn:a":{"webhook":{"url":"https://x","secret":"`+short+`"}}},"keys":{"k":{"raw-aes":"`+short+`"}}}`), trigger.Options{})
	if err == nil || strings.Contains(err.Error(), short) {
		t.Errorf("%v", err)
	}
}

// The file is named in what is wrong with it; none at all is no mistake.
func TestLoad(t *testing.T) {
	t.Parallel()
	if _, err := trigger.Load("", trigger.Options{}); err != nil {
		t.Error(err)
	}
	if _, err := trigger.Load("/no/such/file", trigger.Options{}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
	path := t.TempDir() + "/triggers.json"
	if err := os.WriteFile(path, []byte(`{"triggers":{"x":{}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := trigger.Load(path, trigger.Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}

// The examples of the documentation are good files.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) (string, bool) {
		if name == "SENDER_KEY" {
			return strings.Repeat("5a", 32), true
		}
		return "a value of " + name, true
	}
	for _, section := range []string{"## Lambda triggers", "## Logs of user pools", "## Event streams"} {
		_, rest, _ := strings.Cut(string(text), section)
		_, rest, _ = strings.Cut(rest, "```json")
		example, _, found := strings.Cut(rest, "```")
		if !found {
			t.Errorf("%s: there is no example", section)
		}
		if _, err := trigger.Parse([]byte(example), trigger.Options{LookupEnv: lookup}); err != nil {
			t.Errorf("%s: %v", section, err)
		}
	}
}

// Behind the ARN of a stream may stand something else than AWS's API, for streams only.
func TestStreamDestinations(t *testing.T) {
	t.Parallel()
	inv, err := trigger.Parse([]byte(`{"destinations":{
		"arn:aws:kinesis:us-east-1:1:stream/k": {"kafka": {"brokers": ["one:9092", "two:9092"], "topic": "t", "tls": true, "username": "u", "password": {"env": "PASSWORD"}}},
		"arn:aws:firehose:*": {"nats": {"url": {"env": "URL"}, "subject": "shop.events", "core": true}},
		"arn:aws:kinesis:*": {"webhook": {"url": "https://x", "secret": "0123456789abcdef"}}
	}}`), trigger.Options{LookupEnv: func(name string) (string, bool) { return "nats://" + name, true }})
	if err != nil {
		t.Fatal(err)
	}
	want := &destination.Kafka{Brokers: []string{"one:9092", "two:9092"}, Topic: "t", TLS: true, Username: "u", Password: "nats://PASSWORD"}
	if diff := cmp.Diff(want, inv.Stream("arn:aws:kinesis:us-east-1:1:stream/k").Kafka); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&destination.NATS{URL: "nats://URL", Subject: "shop.events", Core: true}, inv.Stream("arn:aws:firehose:us-east-1:1:deliverystream/f").NATS); diff != "" {
		t.Error(diff)
	}
	if w := inv.Stream("arn:aws:kinesis:us-east-1:1:stream/w").Webhook; w == nil || w.URL != "https://x" || string(w.Secret) != "0123456789abcdef" {
		t.Errorf("the webhook is %+v", w)
	}
	if inv.Destination("arn:aws:firehose:us-east-1:1:deliverystream/f") != nil {
		t.Error("logs are sent to NATS")
	}
	if inv.Stream("arn:aws:logs:us-east-1:1:log-group:a") != nil {
		t.Error("what the file does not name is there")
	}
}

// A destination is found by its ARN, or by the longest beginning of it, and is no function.
func TestDestinations(t *testing.T) {
	t.Parallel()
	inv, err := trigger.Parse([]byte(`{"destinations":{
		"arn:aws:logs:*": {"url": "https://logs", "region": "eu-west-1"},
		"arn:aws:logs:us-east-1:1:log-group:a": {"url": "https://one", "accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "s", "sessionToken": "t"},
		"*": {"url": "https://all", "region": "eu-west-1"}
	}}`), trigger.Options{LookupEnv: environment})
	if err != nil {
		t.Fatal(err)
	}
	for arn, want := range map[string]string{
		"arn:aws:logs:us-east-1:1:log-group:a": "https://one AKIDEXAMPLE s t ",
		"arn:aws:logs:us-east-1:1:log-group:b": "https://logs AKIDENV env secret token eu-west-1",
		"arn:aws:s3:::bucket":                  "https://all AKIDENV env secret token eu-west-1",
	} {
		e := inv.Destination(arn)
		if e == nil {
			t.Errorf("%s is not found", arn)
			continue
		}
		got := strings.Join([]string{e.URL.String(), e.Credentials.AccessKeyID, e.Credentials.Secret, e.Credentials.Token, e.Region}, " ")
		if got != want || inv.Knows(arn) {
			t.Errorf("%s: %s, want %s", arn, got, want)
		}
	}
	var none *trigger.Invoker
	if none.Destination(arn) != nil {
		t.Error("no file has a destination")
	}
}
