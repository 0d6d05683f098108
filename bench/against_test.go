package main

import (
	"os"
	"testing"
)

func TestHasColours(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	file, err := os.Create(t.TempDir() + "/out.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if hasColours(file) {
		t.Error("a file gets colours")
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	if !hasColours(terminal) {
		t.Error("a terminal gets none")
	}
	t.Setenv("NO_COLOR", "1")
	if hasColours(terminal) {
		t.Error("a terminal gets colours in spite of NO_COLOR")
	}
}
