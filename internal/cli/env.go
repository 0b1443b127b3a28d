package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

type envCmd struct {
	target
	Format       string `help:"shell (eval it), dotenv, json, or amplify (an amplify_outputs.json)." enum:"shell,dotenv,json,amplify" default:"shell"`
	UserPool     string `help:"amplify: the user pool, when there are several." placeholder:"ID"`
	Client       string `help:"amplify: the app client, when there are several." placeholder:"ID"`
	IdentityPool string `help:"amplify: the identity pool, when there are several." placeholder:"ID"`
	App          string `help:"amplify: the Pinpoint application, when there are several." placeholder:"ID"`
}

// Run prints the settings.
func (c *envCmd) Run(ctx context.Context, s *streams) error {
	server, err := c.connect()
	if err != nil {
		return err
	}
	if c.Format == "amplify" {
		outputs, err := c.amplifyOutputs(ctx, server)
		if err != nil {
			return err
		}
		return printJSON(s, outputs)
	}
	settings := map[string]string{
		"AWS_ENDPOINT_URL":      server.URL,
		"AWS_REGION":            server.Region,
		"AWS_DEFAULT_REGION":    server.Region,
		"AWS_ACCESS_KEY_ID":     server.credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": server.credentials.Secret,
		"PINTAIL_URL":           server.URL,
		"PINTAIL_ACCOUNT_ID":    server.Account,
	}
	if c.Format == "json" {
		return printJSON(s, settings)
	}
	prefix := ""
	if c.Format == "shell" {
		prefix = "export "
	}
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(s.out, "%s%s=%s\n", prefix, name, quote(settings[name]))
	}
	return nil
}

// quote makes a value safe for a shell; dotenv files take the same quotes.
func quote(value string) string {
	if !strings.ContainsAny(value, " \t\n'\"\\$`&|;<>()*?#~!") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func printJSON(s *streams, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\n", text)
	return err
}
