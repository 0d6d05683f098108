package settings

import (
	"os"
	"strings"
)

// txtar is an archive of text files: a comment, then for each file a line
// "-- name --" and its lines.
type txtar struct {
	comment string
	files   []txtarFile
}

type txtarFile struct{ name, content string }

func readTxtar(path string) (*txtar, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a := &txtar{}
	into := &a.comment
	for line := range strings.Lines(string(text)) {
		name, begins := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "-- ")
		if name, ends := strings.CutSuffix(name, " --"); begins && ends {
			a.files = append(a.files, txtarFile{name: strings.TrimSpace(name)})
			into = &a.files[len(a.files)-1].content
		} else {
			*into += line
		}
	}
	return a, nil
}

func (a *txtar) write(path string) error {
	text := a.comment
	for _, file := range a.files {
		text += "-- " + file.name + " --\n" + file.content
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
