package trigger_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/trigger"
)

// TestMain is also the commands that the tests configure: a test program that is
// started with a ROLE plays it.
func TestMain(m *testing.M) {
	role, playing := os.LookupEnv("ROLE")
	if !playing {
		os.Exit(m.Run())
	}
	os.Exit(play(role))
}

// play is a command.
func play(role string) int {
	switch role {
	case "confirm":
		var event map[string]any
		if err := json.UnmarshalRead(os.Stdin, &event); err != nil {
			return 1
		}
		event["response"] = map[string]any{"autoConfirmUser": true}
		json.MarshalWrite(os.Stdout, event)
	case "throw":
		fmt.Fprint(os.Stderr, strings.Repeat("noise\n", 100_000), "Error: they may not come in\n\n")
		return 3
	case "die quietly":
		return 3
	case "say nothing":
	case "flood":
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("x", 1<<16)); err != nil {
				return 0
			}
		}
	case "environment":
		fmt.Fprintln(os.Stderr, strings.Join(slices.Sorted(slices.Values(os.Environ())), " "))
		return 1
	case "hang": // together with a child
		child := exec.Command(os.Args[0])
		child.Env = []string{"ROLE=hold", "LISTENER=" + os.Getenv("LISTENER")}
		child.Stdout = os.Stdout
		if child.Start() == nil {
			child.Wait()
		}
	case "hold": // until it is killed
		c, err := net.Dial("tcp", os.Getenv("LISTENER"))
		if err != nil {
			return 1
		}
		fmt.Fprintln(c, "here")
		io.Copy(io.Discard, c)
	}
	return 0
}

// commandThat is a configuration of a command that plays a role.
func commandThat(t *testing.T, role string, env object) object {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	entry := object{"ROLE": role}
	for name, value := range env {
		entry[name] = value
	}
	return object{"triggers": object{arn: object{"command": object{"argv": []string{program, "-a", "; exit 9"}, "env": entry}}}}
}

// A command answers on standard output.
func TestCommand(t *testing.T) {
	t.Parallel()
	response, err := preSignUp(t, invoker(t, trigger.Options{}, commandThat(t, "confirm", nil)))
	if want := (trigger.PreSignUpResponse{AutoConfirmUser: true}); err != nil || response != want {
		t.Errorf("%+v, %v", response, err)
	}
}

// A command that fails throws the last line that it wrote to standard error.
func TestCommandErrors(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{"throw": "Error: they may not come in", "die quietly": "exit status 3"} {
		_, err := preSignUp(t, invoker(t, trigger.Options{}, commandThat(t, role, nil)))
		refused(t, role, err, cognitoidp.UserLambdaValidationException, "PreSignUp failed with error "+want+".", "")
	}
	for role, reason := range map[string]string{"say nothing": "not a JSON object", "flood": "6 MB"} {
		_, err := preSignUp(t, invoker(t, trigger.Options{}, commandThat(t, role, nil)))
		refused(t, role, err, cognitoidp.InvalidLambdaResponseException, "Unrecognizable lambda output", reason)
	}
}

// A command sees PATH, HOME and what the file gives it, nothing else of the server.
func TestCommandEnvironment(t *testing.T) {
	t.Parallel()
	file := commandThat(t, "environment", object{"DATABASE_URL": object{"env": "DATABASE_URL"}})
	_, err := preSignUp(t, invoker(t, trigger.Options{LookupEnv: environment}, file))
	refused(t, "environment", err, cognitoidp.UserLambdaValidationException,
		"PreSignUp failed with error DATABASE_URL=postgres://db HOME=/home/pintail PATH=/bin:/usr/bin ROLE=environment.", "")
}

// A command that hangs is killed together with what it started.
func TestCommandTimeout(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file := commandThat(t, "hang", object{"LISTENER": listener.Addr().String()})
	file["timeout"] = "2s"
	done := make(chan error, 1)
	go func() {
		_, err := preSignUp(t, invoker(t, trigger.Options{}, file))
		listener.Close()
		done <- err
	}()
	child, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	if line, err := bufio.NewReader(child).ReadString('\n'); line != "here\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := io.Copy(io.Discard, child); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("waiting for the death of the child: %v", err)
	}
	for c, err := listener.Accept(); err == nil; c, err = listener.Accept() { // further tries
		defer c.Close()
	}
	refused(t, "hang", <-done, cognitoidp.UnexpectedLambdaException,
		"PreSignUp invocation failed due to error Socket timeout while invoking Lambda function.", "in time")
}

// A program that has gone since the start of the server could not be asked.
func TestCommandGone(t *testing.T) {
	t.Parallel()
	program := t.TempDir() + "/hook"
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	inv := invoker(t, trigger.Options{}, object{"triggers": object{arn: object{"command": object{"argv": []string{program}}}}})
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	_, err := preSignUp(t, inv)
	refused(t, "a program that has gone", err, cognitoidp.UnexpectedLambdaException,
		"PreSignUp invocation failed due to error the command could not be started.", "no such file")
}
