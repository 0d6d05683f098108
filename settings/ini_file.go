package settings

import (
	"fmt"
	"path/filepath"
)

const defaultSection = "DEFAULT"

// iniFile is an INI file as configparser reads it: sections of keys with raw values, in
// which %(name)s is not yet resolved.
type iniFile struct {
	file     string
	names    []string // of the sections, in the file's order, without [DEFAULT]
	sections map[string]*iniSection
	defaults *iniSection // [DEFAULT], with here and __file__
	lines    map[iniPlace]int
	steps    int // what interpolation has done so far, see longestExpansion
	bytes    int
}

type iniSection struct {
	keys   []string // in the file's order
	values map[string]string
}

// iniPlace is a key of a section, or with an empty key the section itself.
type iniPlace struct{ section, key string }

func newINIFile(file string) *iniFile {
	return &iniFile{file: file, sections: map[string]*iniSection{}, defaults: newINISection(), lines: map[iniPlace]int{}}
}

func newINISection() *iniSection { return &iniSection{values: map[string]string{}} }

func (s *iniSection) set(key, value string) {
	if _, known := s.values[key]; !known {
		s.keys = append(s.keys, key)
	}
	s.values[key] = value
}

// section returns a section by its name; nil when there is none.
func (f *iniFile) section(name string) *iniSection {
	if name == defaultSection {
		return f.defaults
	}
	return f.sections[name]
}

// addPlaces gives [DEFAULT] the two names that PasteDeploy adds to it. They are raw
// values like all others there, so that a % in a path is doubled.
func (f *iniFile) addPlaces() error {
	full, err := filepath.Abs(f.file)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	for _, add := range [][2]string{{"here", filepath.Dir(full)}, {"__file__", full}} {
		if _, given := f.defaults.values[add[0]]; !given {
			f.defaults.set(add[0], escapePercent(add[1]))
		}
	}
	return nil
}

func (f *iniFile) line(section, key string) int { return f.lines[iniPlace{section, key}] }

func (f *iniFile) fail(section, key string, err error) error {
	return &FileError{File: f.file, Line: f.line(section, key), Err: err}
}
