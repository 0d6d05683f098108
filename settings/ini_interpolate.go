package settings

import (
	"errors"
	"fmt"
	"strings"
)

const (
	deepestInterpolation = 10 // configparser's MAX_INTERPOLATION_DEPTH

	// What all %(name)s of one file may come to. Ten levels of a hundred references each
	// would be 10^20 steps, also where every value is empty.
	mostReferences    = 100_000
	mostExpandedBytes = 4 << 20
)

var (
	errTooManyReferences = fmt.Errorf("the %%(names)s of this file stand for more than %d values", mostReferences)
	errExpandedTooLong   = fmt.Errorf("the %%(names)s of this file make its values longer than %d bytes together", mostExpandedBytes)
)

// isBound reports whether an error is about the whole file's expansion.
func isBound(err error) bool {
	return errors.Is(err, errTooManyReferences) || errors.Is(err, errExpandedTooLong)
}

// interpolated returns a key's value as configparser's BasicInterpolation makes it:
// %(name)s is the value of another key of the section or of [DEFAULT], and %% is a %.
func (f *iniFile) interpolated(section, key string) (string, error) {
	in := f.section(section)
	var out strings.Builder
	if err := f.interpolate(&out, in.values[key], in, 1); err != nil {
		if unknown := unknownReference(""); errors.As(err, &unknown) && isSecret(key) {
			err = unknownReference("name")
		}
		return "", f.fail(section, key, fmt.Errorf("%s: %w", printable(key), err))
	}
	return out.String(), nil
}

func (f *iniFile) interpolate(out *strings.Builder, rest string, in *iniSection, depth int) error {
	if f.steps++; f.steps > mostReferences {
		return errTooManyReferences
	}
	if depth > deepestInterpolation {
		return errors.New("the %(names)s refer to each other more than 10 deep")
	}
	for {
		plain, reference, found := strings.Cut(rest, "%")
		out.WriteString(plain)
		if f.bytes += len(plain); f.bytes > mostExpandedBytes {
			return errExpandedTooLong
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
		value, known := in.values[name]
		if !known {
			value, known = f.defaults.values[name]
		}
		if !known {
			return unknownReference(name)
		}
		if err := f.interpolate(out, value, in, depth+1); err != nil {
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
