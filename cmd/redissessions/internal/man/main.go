// Command man writes the manual pages of redissessions, and its completion for the shells,
// into a folder: "make man".
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/pyramidgo/redissessions/cmd/redissessions/internal/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: man FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	root := cli.Root()
	root.DisableAutoGenTag = true
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	man, completion := filepath.Join(folder, "man1"), filepath.Join(folder, "completion")
	if err := errors.Join(os.MkdirAll(man, 0o755), os.MkdirAll(completion, 0o755)); err != nil {
		return err
	}
	date := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) // the same pages from the same source
	if err := doc.GenManTree(root, &doc.GenManHeader{Title: "REDISSESSIONS", Section: "1", Source: "redissessions", Manual: "redissessions", Date: &date}, man); err != nil {
		return err
	}
	return errors.Join(complete(root, completion)...)
}

func complete(root *cobra.Command, folder string) []error {
	return []error{
		root.GenBashCompletionFileV2(filepath.Join(folder, "redissessions.bash"), true),
		root.GenZshCompletionFile(filepath.Join(folder, "_redissessions")),
		root.GenFishCompletionFile(filepath.Join(folder, "redissessions.fish"), true),
	}
}
