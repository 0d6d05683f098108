package settings

import (
	"os"
	"strings"
)

// txtarFile is one file of an archive in the txtar format: a line "-- name --",
// and the lines up to the next one of that kind.
type txtarFile struct{ name, content string }

// readTxtar reads an archive. The lines before its first file are a comment.
func readTxtar(path string) ([]txtarFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var files []txtarFile
	for line := range strings.Lines(string(text)) {
		name, begins := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "-- ")
		if name, ends := strings.CutSuffix(name, " --"); begins && ends {
			files = append(files, txtarFile{name: strings.TrimSpace(name)})
		} else if len(files) > 0 {
			files[len(files)-1].content += line
		}
	}
	return files, nil
}
