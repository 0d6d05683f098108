package settings

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/viper"
)

// LoadOption changes how Load reads the environment.
type LoadOption func(*loading)

type loading struct{ envPrefix string }

// EnvPrefix makes Load read only variables that begin with prefix: with
// EnvPrefix("PREFS_") the variable PREFS_REDIS_SESSIONS_SECRET sets
// redis.sessions.secret, and REDIS_SESSIONS_SECRET is not read. It lets two session
// factories of one process have settings of their own in the environment. The default is
// no prefix.
func EnvPrefix(prefix string) LoadOption {
	return func(l *loading) { l.envPrefix = prefix }
}

// Load reads a settings file, and over it the environment.
//
// The extension says how the file is written: .ini, .yaml, .yml, .toml or .json. An INI
// file means what PasteDeploy says it means, and of it the section [app:main] is read;
// "development.ini#other" reads [app:other]. The other formats are read whole;
// "development.yaml#other" reads the mapping under the top-level key other. Keys may be
// dotted ("redis.sessions.timeout") or nested.
//
// A variable of the environment such as REDIS_SESSIONS_SECRET sets redis.sessions.secret,
// and GO_REDIS_SESSIONS_SECRET sets go.redis.sessions.secret, whether the file has the
// key or not. An empty variable counts as none. See [EnvPrefix].
//
// Errors name the file and, where there is one, the line, but never repeat the line. A
// file that cannot be opened is an error that errors.Is recognizes as fs.ErrNotExist or
// fs.ErrPermission. A file of more than 1 MiB, or one that becomes far larger by its
// references, aliases or nesting, is an error too.
//
// Errors of [Parse] about values in the returned viper name the file and the line as well.
func Load(path string, opts ...LoadOption) (*viper.Viper, error) {
	var l loading
	for _, option := range opts {
		option(&l)
	}
	file, section := splitPath(path)
	from := &origin{file: file}
	codec, err := codecFor(section, from)
	if err != nil {
		return nil, err
	}
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	format := extension(file)
	registry := viper.NewCodecRegistry()
	if err := registry.RegisterCodec(format, codec); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	v := viper.NewWithOptions(viper.WithCodecRegistry(registry))
	v.SetConfigFile(file)
	v.SetConfigType(format)
	if err := v.ReadConfig(strings.NewReader(text)); err != nil {
		if parse := (viper.ConfigParseError{}); errors.As(err, &parse) {
			err = parse.Unwrap() // ours, which names the file and the line
		}
		return nil, err
	}
	if err := from.bindEnvironment(v, l.envPrefix, os.Environ()); err != nil {
		return nil, err
	}
	from.remember(v)
	return v, nil
}

// splitPath cuts off #section. A # in a directory's name is left alone.
func splitPath(path string) (file, section string) {
	base := filepath.Base(path)
	if path == "" || strings.HasSuffix(path, string(filepath.Separator)) {
		return path, ""
	}
	name, section, _ := strings.Cut(base, "#")
	return path[:len(path)-len(base)] + name, section
}

func extension(file string) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(file), "."))
}

// codecFor returns the codec of the file's extension.
func codecFor(section string, from *origin) (viper.Codec, error) {
	switch extension(from.file) {
	case "ini":
		if section == "" {
			section = "main"
		}
		return iniCodec{from, section}, nil
	case "yaml", "yml", "toml", "json":
		return mappingCodec{from, section}, nil
	}
	return nil, &FileError{File: from.file, Err: fmt.Errorf("%w: expected a file that ends in .ini, .yaml, .yml, .toml or .json", ErrUnreadable)}
}

// iniCodec reads INI files for viper.
type iniCodec struct {
	from    *origin
	section string
}

// Decode reads the settings of the section into values.
func (c iniCodec) Decode(content []byte, values map[string]any) error {
	text, err := checkText(c.from.file, content)
	if err != nil {
		return err
	}
	f, err := parseINI(c.from.file, text)
	if err != nil {
		return err
	}
	local, err := (&deployment{}).settings(f, c.section, nil)
	if err != nil {
		return err
	}
	read, lines := make(map[string]any, len(local)), make(map[string]place, len(local))
	for key, setting := range local {
		read[key], lines[key] = setting.value, setting.at
	}
	return c.from.hand(read, lines, values)
}

// Encode fails: viper cannot write back what PasteDeploy's rules have joined together.
func (iniCodec) Encode(map[string]any) ([]byte, error) {
	return nil, errors.New("settings: INI files are read only")
}

// hand gives viper what a codec has read, and keeps where each value stands.
func (o *origin) hand(read map[string]any, lines map[string]place, values map[string]any) error {
	if key, deep := tooDeep("", read); deep {
		at := lines[key]
		return &FileError{File: cmp.Or(at.file, o.file), Line: at.line, Err: errTooDeep}
	}
	fold(read, values)
	o.setFile(values, lowered(lines))
	return nil
}

// deepest is how many levels keys may have, nested and by their dots. Viper takes a key
// apart at its dots, in time that grows with the square of their number.
const deepest = 100

var errTooDeep = fmt.Errorf("its keys or brackets go more than %d levels deep", deepest)

// tooDeep returns a key that has more levels than deepest.
func tooDeep(above string, mapping map[string]any) (string, bool) {
	for _, key := range sortedKeys(mapping) {
		full := above + key
		if strings.Count(full, ".") >= deepest {
			return full, true
		}
		if nested, ok := asMapping(mapping[key]); ok {
			if found, deep := tooDeep(full+".", nested); deep {
				return found, true
			}
		}
	}
	return "", false
}

// fold copies a mapping with all keys in lower case, as viper would, but not by chance:
// of several spellings of one key the last in byte order stays, which is the one in
// lower case, and mappings are merged.
func fold(from, to map[string]any) {
	for _, key := range sortedKeys(from) {
		value, folded := from[key], strings.ToLower(key)
		nested, ok := asMapping(value)
		if !ok {
			to[folded] = value
			continue
		}
		inner, merge := to[folded].(map[string]any)
		if !merge {
			inner = map[string]any{}
			to[folded] = inner
		}
		fold(nested, inner)
	}
}
