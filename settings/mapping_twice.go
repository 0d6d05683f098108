package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Two things that the decoders of YAML and JSON pass over in silence, and by which a
// setting would be lost: what comes after the first document, and the first of two keys.

var yamlDocument = regexp.MustCompile(`^---(\s|$)`)

// oneYAMLDocument refuses a second document. Its marker stands at the beginning of a
// line, where no value can go on.
func (c mappingCodec) oneYAMLDocument(text string) error {
	begun := false
	for i, line := range splitLines(text) {
		marker := yamlDocument.MatchString(line)
		if marker && begun {
			return &FileError{File: c.file(), Line: i + 1, Err: errors.New("a second document begins here; a settings file is one")}
		}
		content := strings.TrimSpace(line)
		begun = begun || marker || content != "" && content[0] != '#' && content[0] != '%'
	}
	return nil
}

// uniqueJSONKeys refuses an object that has a key twice. The text is JSON.
func (c mappingCodec) uniqueJSONKeys(text string) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	var open []map[string]bool // the keys of each object around; nil for a list
	isKey := false
	for token, err := decoder.Token(); err == nil; token, err = decoder.Token() {
		if key, ok := token.(string); ok && isKey {
			keys := open[len(open)-1]
			if keys[key] {
				line := 1 + strings.Count(text[:decoder.InputOffset()], "\n")
				return &FileError{File: c.file(), Line: line, Err: fmt.Errorf("the key %s is given twice", printable(key))}
			}
			keys[key], isKey = true, false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		isKey = len(open) > 0 && open[len(open)-1] != nil
	}
	return nil
}
