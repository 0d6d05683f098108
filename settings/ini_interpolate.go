package settings

import (
	"errors"
	"fmt"
	"strings"
)

const (
	deepestInterpolation = 10      // configparser's MAX_INTERPOLATION_DEPTH
	longestInterpolation = 1 << 20 // ten levels of ten references each would be 10 GB
)

// interpolated returns a key's value as configparser's BasicInterpolation makes it:
// %(name)s is the value of another key of the section or of [DEFAULT], and %% is a %.
func (f *iniFile) interpolated(section, key string) (string, error) {
	values, raw := iniSection{}, f.defaults.values[key]
	if section != defaultSection {
		values = f.sections[section]
		raw = values.values[key]
	}
	lookup := func(name string) (string, bool) {
		if value, ok := values.values[name]; ok {
			return value, true
		}
		value, ok := f.defaults.values[name]
		return value, ok
	}
	var out strings.Builder
	if err := interpolate(&out, raw, lookup, 1); err != nil {
		if unknown := unknownReference(""); errors.As(err, &unknown) && isSecret(key) {
			err = unknownReference("name")
		}
		return "", f.fail(section, key, fmt.Errorf("%s: %w", printable(key), err))
	}
	return out.String(), nil
}

func interpolate(out *strings.Builder, rest string, lookup func(string) (string, bool), depth int) error {
	if depth > deepestInterpolation {
		return errors.New("the %(names)s refer to each other more than 10 deep")
	}
	for {
		plain, reference, found := strings.Cut(rest, "%")
		out.WriteString(plain)
		if out.Len() > longestInterpolation {
			return errors.New("grows too long by its %(names)s")
		}
		if !found {
			return nil
		}
		if rest, found = strings.CutPrefix(reference, "%"); found {
			out.WriteByte('%')
			continue
		}
		name, after, ok := cutReference(reference)
		if !ok {
			return errors.New("a % must be written as %%, or begin a %(name)s")
		}
		value, known := lookup(name)
		if !known {
			return unknownReference(name)
		}
		if err := interpolate(out, value, lookup, depth+1); err != nil {
			return err
		}
		rest = after
	}
}

// unknownReference is the name in a %(name)s that stands for nothing. In a secret it may
// be a part of that.
type unknownReference string

func (name unknownReference) Error() string {
	return fmt.Sprintf("%%(%s)s: neither this section nor [DEFAULT] has that key (a %% is written as %%%%)", printable(string(name)))
}

func isSecret(key string) bool {
	name := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(key), "go."), prefix)
	s, known := spellings[name]
	return known && s.secret
}

// cutReference takes "(name)s" from the front.
func cutReference(text string) (name, after string, ok bool) {
	inner, ok := strings.CutPrefix(text, "(")
	if !ok {
		return "", "", false
	}
	name, after, ok = strings.Cut(inner, ")")
	if !ok || name == "" {
		return "", "", false
	}
	after, ok = strings.CutPrefix(after, "s")
	return name, after, ok
}

// escapePercent makes a value that interpolates to text.
func escapePercent(text string) string { return strings.ReplaceAll(text, "%", "%%") }
