package settings

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// iniScan reads the lines of an INI file by the rules of Python's configparser, which
// PasteDeploy uses: an indented line continues a value, comments are whole lines only,
// names and values keep their quotes, a section or key given twice is an error.
type iniScan struct {
	*iniFile
	mistakes []error

	current string      // the section's name
	into    *iniSection // nil before the first section
	key     string      // of the option that may be continued; "" when none may
	value   []string    // its lines
	indent  int         // of the line on which it began
}

// parseINI returns the sections of text, or all its mistakes joined.
func parseINI(file, text string) (*iniFile, error) {
	s := &iniScan{iniFile: newINIFile(file)}
	for i, line := range splitLines(text) {
		if s.read(i+1, line); s.into == nil && len(s.mistakes) > 0 {
			break // nothing that follows can be understood
		}
	}
	s.finish()
	if len(s.mistakes) > 0 {
		return nil, errors.Join(s.mistakes...)
	}
	return s.iniFile, s.addPlaces()
}

func (s *iniScan) read(number int, line string) {
	content := strings.TrimFunc(line, isSpace)
	depth := indentation(line)
	switch {
	case strings.Contains(line, "\x00"):
		s.fail(number, errors.New("holds a NUL byte: this is not a text file"))
	case strings.HasPrefix(content, "#"), strings.HasPrefix(content, ";"):
		// A comment does not end a value.
	case content == "":
		if s.key != "" {
			s.value = append(s.value, "")
		}
	case s.key != "" && depth > s.indent:
		if strings.HasPrefix(content, prefix) || strings.HasPrefix(content, goPrefix) {
			s.fail(number, fmt.Errorf("the line is indented, so it continues the value of %s; take out the indentation", printable(s.key)))
		}
		s.value = append(s.value, content)
	default:
		s.finish()
		s.indent = depth
		s.begin(number, content)
	}
}

// begin reads a line that continues nothing: a section's header or an option.
func (s *iniScan) begin(number int, content string) {
	name, isHeader := sectionHeader(content)
	switch {
	case unclosedSection.MatchString(content), content[0] == '[' && s.into == nil && !isHeader:
		s.fail(number, errors.New("the section's name has no closing ]"))
	case isHeader:
		s.open(number, name)
	case s.into == nil:
		s.fail(number, errors.New("a [section] must come first; the settings stand under [app:main]"))
	default:
		s.option(number, content)
	}
}

// finish stores the option that was being read.
func (s *iniScan) finish() {
	if s.key != "" {
		// As configparser joins them: without white space at the very end.
		s.into.set(s.key, strings.TrimRightFunc(strings.Join(s.value, "\n"), isSpace))
	}
	s.key, s.value = "", nil
}

func (s *iniScan) fail(line int, err error) {
	s.mistakes = append(s.mistakes, &FileError{File: s.file, Line: line, Err: err})
}

func (s *iniScan) open(number int, name string) {
	place := iniPlace{section: name}
	if first, twice := s.lines[place]; twice && name != defaultSection {
		s.fail(number, fmt.Errorf("the section [%s] is given twice, first in line %d", name, first))
	}
	s.lines[place] = number
	s.current = name
	if s.into = s.section(name); s.into == nil {
		s.into = newINISection()
		s.sections[name] = s.into
		s.names = append(s.names, name)
	}
}

// option splits "name = value" at the first of its two delimiters.
func (s *iniScan) option(number int, content string) {
	at := strings.IndexAny(content, "=:")
	if at < 0 {
		s.fail(number, errors.New("expected a [section] or key = value"))
		return
	}
	name := strings.TrimRightFunc(content[:at], isSpace)
	if name == "" {
		s.fail(number, errors.New("there is no key before the equals sign or colon"))
		return
	}
	place := iniPlace{s.current, name}
	if first, twice := s.lines[place]; twice {
		s.fail(number, fmt.Errorf("the key %s is given twice, first in line %d", printable(name), first))
	} else {
		s.lines[place] = number
	}
	s.key, s.value = name, []string{strings.TrimLeftFunc(content[at+1:], isSpace)}
}

// unclosedSection matches a header of PasteDeploy's sections without its bracket, which
// configparser would take for a key named "[app".
var unclosedSection = regexp.MustCompile(`^\[(DEFAULT|app|application|composite|composit|pipeline|filter|filter-app|server)\b[^]=]*$`) //nolint:misspell // PasteDeploy's

// sectionHeader reads [name]; like configparser it ignores what follows the last bracket.
func sectionHeader(content string) (name string, ok bool) {
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
