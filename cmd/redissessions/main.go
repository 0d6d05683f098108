// Command redissessions looks at the sessions of an application that uses
// github.com/pyramidgo/redissessions: it checks the settings and the server, counts, lists
// and shows sessions, and ends them. It reads the application's own settings file.
//
//	redissessions doctor --settings production.ini
//
// "redissessions help" has the rest.
package main

import (
	"os"

	"github.com/pyramidgo/redissessions/cmd/redissessions/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
