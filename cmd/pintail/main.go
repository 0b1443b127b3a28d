// Command pintail is Amazon Cognito and Amazon Pinpoint as one program.
package main

import (
	"os"

	"pintail/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
