package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
	"unicode/utf8"
)

// largestFile is far above any settings file: it keeps a wrong path (/dev/zero, a
// database) from filling the memory.
const largestFile = 1 << 20

// FileError is a mistake in the text of a settings file. It never repeats the text,
// which may hold a secret.
type FileError struct {
	File string // as it was named to Load, or as another file's use = config:... names it
	Line int    // from 1; 0 when no single line is to blame
	Err  error
}

// Error returns "settings: file:line: what is wrong".
func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("settings: %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("settings: %s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

func readText(file string) (string, error) {
	f, err := openFile(file)
	if err != nil {
		return "", cannotRead(file, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	switch {
	case err != nil:
		return "", cannotRead(file, err)
	case len(content) > largestFile:
		return "", &FileError{File: file, Err: fmt.Errorf("is larger than %d bytes", largestFile)}
	}
	return checkText(file, content)
}

// openFile opens a file for reading. A named pipe that no process writes to is empty: to
// wait for a writer would keep the program from starting, without a word.
func openFile(file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // the operator names it
	if err == nil {
		_ = f.SetReadDeadline(time.Now().Add(longestRead)) // only pipes and the like can have one
	}
	return f, err
}

// longestRead is how long the writer of a pipe may take.
const longestRead = 5 * time.Second

// cannotRead drops the name that the operating system's error repeats.
func cannotRead(file string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return &FileError{File: file, Err: fmt.Errorf("%w: %w", ErrUnreadable, err)}
}

// checkText takes off a byte order mark, which Windows editors write and PasteDeploy
// stumbles over, and refuses what is not UTF-8.
func checkText(file string, content []byte) (string, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		valid := bytes.ToValidUTF8(content, []byte("\x00")) // marks the first byte that is wrong
		line := 1
		for i := range content {
			if valid[i] != content[i] {
				break
			}
			if content[i] == '\n' {
				line++
			}
		}
		return "", &FileError{File: file, Line: line, Err: errors.New("the text is not UTF-8")}
	}
	return string(content), nil
}
