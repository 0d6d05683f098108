package settings

import (
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/ini.v1"
)

const defaultSection = "DEFAULT"

// iniFile is an INI file as configparser sees it: sections of keys with raw values, in
// which %(name)s still stands as it was written.
type iniFile struct {
	file     string
	names    []string // of the sections, in the file's order, without [DEFAULT]
	sections map[string]iniSection
	defaults iniSection // [DEFAULT], with here and __file__
	lines    map[iniPlace]int
}

type iniSection struct {
	keys   []string // in the file's order
	values map[string]string
}

func (s *iniSection) set(key, value string) {
	if _, known := s.values[key]; !known {
		s.keys = append(s.keys, key)
	}
	s.values[key] = value
}

func parseINI(file, text string) (*iniFile, error) {
	scan, err := scanINI(file, text)
	if err != nil {
		return nil, err
	}
	// No options: they would all be about what the scan has settled.
	parsed, err := ini.Load([]byte(scan.prepared.String()))
	if err != nil {
		// The scan lets nothing through that ini.v1 refuses; its text may hold a secret.
		return nil, &FileError{File: file, Err: fmt.Errorf("cannot be read as INI (%T)", err)}
	}
	f := &iniFile{file: file, sections: map[string]iniSection{}, lines: scan.lines}
	for _, section := range parsed.Sections() {
		read := iniSection{values: map[string]string{}}
		for _, key := range section.Keys() {
			read.set(strings.TrimPrefix(key.Name(), keyMark), strings.ReplaceAll(key.Value(), lineBreak, "\n"))
		}
		if section.Name() == defaultSection {
			f.defaults = read
			continue
		}
		f.names = append(f.names, section.Name())
		f.sections[section.Name()] = read
	}
	return f, f.addPlaces()
}

// addPlaces gives [DEFAULT] the two names that PasteDeploy adds to it. They are raw
// values like all others there, so that a % in a path is doubled.
func (f *iniFile) addPlaces() error {
	full, err := filepath.Abs(f.file)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	for key, path := range map[string]string{"here": filepath.Dir(full), "__file__": full} {
		if _, given := f.defaults.values[key]; !given {
			f.defaults.set(key, escapePercent(path))
		}
	}
	return nil
}

func (f *iniFile) fail(section, key string, err error) error {
	return &FileError{File: f.file, Line: f.lines[iniPlace{section, key}], Err: err}
}
