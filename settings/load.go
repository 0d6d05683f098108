package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/viper"
)

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
// key or not. An empty variable counts as none.
//
// Errors name the file and, where there is one, the line, but never repeat the line. A
// file that cannot be opened is an error that errors.Is recognizes as fs.ErrNotExist or
// fs.ErrPermission.
func Load(path string) (*viper.Viper, error) {
	file, section := splitPath(path)
	codec, err := codecFor(file, section)
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
	return v, bindEnvironment(v, os.Environ())
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
func codecFor(file, section string) (viper.Codec, error) {
	switch extension(file) {
	case "ini":
		if section == "" {
			section = "main"
		}
		return iniCodec{file, section}, nil
	case "yaml", "yml", "toml", "json":
		return mappingCodec{file, section}, nil
	}
	return nil, &FileError{File: file, Err: errors.New("expected a file that ends in .ini, .yaml, .yml, .toml or .json")}
}

// iniCodec reads INI files for viper.
type iniCodec struct{ file, section string }

// Decode reads the settings of the section into values.
func (c iniCodec) Decode(content []byte, values map[string]any) error {
	text, err := checkText(c.file, content)
	if err != nil {
		return err
	}
	f, err := parseINI(c.file, text)
	if err != nil {
		return err
	}
	local, err := (&deployment{}).settings(f, c.section, nil)
	if err != nil {
		return err
	}
	read := make(map[string]any, len(local))
	for key, value := range local {
		read[key] = value
	}
	fold(read, values)
	return nil
}

// Encode fails: viper cannot write back what PasteDeploy's rules have joined together.
func (iniCodec) Encode(map[string]any) ([]byte, error) {
	return nil, errors.New("settings: INI files are read only")
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
