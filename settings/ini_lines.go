package settings

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// PasteDeploy reads INI files with Python's configparser. gopkg.in/ini.v1 has no option
// for several of its rules: what continues a value, that comments are whole lines only,
// that names and values keep their quotes, that a thing given twice is an error. So the
// lines are sorted out here, by configparser's rules and with line numbers, and written
// again in a form in which ini.v1 has nothing left to interpret:
//
//	.name=`value`      the dot keeps ini.v1 from seeing a quote or its "-" in a name,
//	                   the backticks keep the value as it is
//
// A line break inside a value is written as lineBreak, which no text file holds.
const (
	keyMark   = "."
	lineBreak = "\x00"
)

// iniScan is an INI file on its way to ini.v1.
type iniScan struct {
	file     string
	prepared strings.Builder
	lines    map[iniPlace]int // where each section and each of its keys begins
	mistakes []error
}

// iniPlace is a key of a section, or with an empty key the section itself.
type iniPlace struct{ section, key string }

// scanINI sorts out the lines of text. It returns all mistakes together.
func scanINI(file, text string) (*iniScan, error) {
	s := &iniScan{file: file, lines: map[iniPlace]int{}}
	var (
		inSection bool
		section   string
		key       string   // of the option that may be continued; "" when none may
		value     []string // its lines
		indent    int      // of the line that it began on
	)
	finish := func() {
		if key != "" {
			// As configparser joins them: without white space at the very end.
			joined := strings.TrimRightFunc(strings.Join(value, "\n"), isSpace)
			s.prepared.WriteString(keyMark + key + "=`" + strings.ReplaceAll(joined, "\n", lineBreak) + "`\n")
		}
		key, value = "", nil
	}
	for i, line := range splitLines(text) {
		number := i + 1
		content := strings.TrimFunc(line, isSpace)
		switch depth := indentation(line); {
		case strings.Contains(line, lineBreak):
			s.fail(number, errors.New("holds a NUL byte: this is not a text file"))
		case strings.HasPrefix(content, "#"), strings.HasPrefix(content, ";"):
			// A comment does not end a value.
		case content == "":
			if key != "" {
				value = append(value, "")
			}
		case key != "" && depth > indent:
			if strings.HasPrefix(content, prefix) || strings.HasPrefix(content, goPrefix) {
				s.fail(number, fmt.Errorf("the line is indented, so it continues the value of %s; take out the indentation", printable(key)))
			}
			value = append(value, content)
		default:
			finish()
			indent = depth
			if name, ok := sectionHeader(content); ok {
				s.section(number, name)
				section, inSection = name, true
				continue
			}
			if !inSection {
				s.fail(number, errors.New("a [section] must come first"))
				return s, errors.Join(s.mistakes...)
			}
			var first string
			if key, first = s.option(number, section, content); key != "" {
				value = []string{first}
			}
		}
	}
	finish()
	return s, errors.Join(s.mistakes...)
}

func (s *iniScan) fail(line int, err error) {
	s.mistakes = append(s.mistakes, &FileError{File: s.file, Line: line, Err: err})
}

func (s *iniScan) section(number int, name string) {
	place := iniPlace{section: name}
	if first, twice := s.lines[place]; twice && name != defaultSection {
		s.fail(number, fmt.Errorf("the section [%s] is given twice, first in line %d", name, first))
	}
	s.lines[place] = number
	s.prepared.WriteString("[" + name + "]\n")
}

// option splits "name = value" at the first of its two delimiters.
func (s *iniScan) option(number int, section, content string) (name, value string) {
	at := strings.IndexAny(content, "=:")
	if at < 0 {
		s.fail(number, errors.New("expected a [section] or key = value"))
		return "", ""
	}
	name = strings.TrimRightFunc(content[:at], isSpace)
	if name == "" {
		s.fail(number, errors.New("there is no key before the equals sign or colon"))
		return "", ""
	}
	place := iniPlace{section, name}
	if first, twice := s.lines[place]; twice {
		s.fail(number, fmt.Errorf("the key %s is given twice, first in line %d", printable(name), first))
	} else {
		s.lines[place] = number
	}
	return name, strings.TrimLeftFunc(content[at+1:], isSpace)
}

// sectionHeader reads [name]; like configparser it ignores what follows the last bracket.
func sectionHeader(content string) (string, bool) {
	last := strings.LastIndexByte(content, ']')
	if content[0] != '[' || last < 2 {
		return "", false
	}
	return content[1:last], true
}

// splitLines knows the three line ends of Python's text files.
func splitLines(text string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
}

// indentation counts the white space in front, in characters: a tab is one.
func indentation(line string) int {
	count := 0
	for _, r := range line {
		if !isSpace(r) {
			break
		}
		count++
	}
	return count
}

// isSpace is Python's str.isspace, which counts four control characters more than Go.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
