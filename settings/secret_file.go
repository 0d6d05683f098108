package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// longestSecretFile is far above any secret: it keeps a wrong path from filling the memory.
const longestSecretFile = 64 << 10

// readSecretFile returns the content of the file that raw names, without its last line
// break. Errors name the file and never show the content.
func readSecretFile(raw any) (string, error) {
	path, ok := textOf(raw)
	if !ok {
		return "", notText(raw)
	}
	path = strings.TrimSpace(path)
	wrong := func(err error) (string, error) { return "", fmt.Errorf("%s: %w", quoteShort(path), err) }
	f, err := openFile(path)
	if err == nil {
		defer f.Close() //nolint:errcheck // it was only read
	}
	var content []byte
	if err == nil {
		content, err = io.ReadAll(io.LimitReader(f, longestSecretFile+1))
	}
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err // without the name, which stands in front
	}
	switch {
	case err != nil:
		return wrong(fmt.Errorf("cannot be read: %w", err))
	case len(content) > longestSecretFile:
		return wrong(fmt.Errorf("is larger than %d bytes", longestSecretFile))
	}
	text := withoutLineBreak(string(content))
	if strings.TrimSpace(text) == "" {
		return wrong(errors.New("is empty"))
	}
	return text, nil
}

// withoutLineBreak cuts one line break from the end.
func withoutLineBreak(text string) string {
	text, cut := strings.CutSuffix(text, "\n")
	if cut {
		text = strings.TrimSuffix(text, "\r")
	}
	return text
}
