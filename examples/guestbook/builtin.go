package main

import (
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/pyramidgo/redissessions/settings"
)

// builtIn is what the program runs on where there is no settings file: go run
// github.com/pyramidgo/redissessions/examples/guestbook@latest, in any folder.
//
//go:embed development.ini
var builtIn []byte

// besideThis and present are where development.ini is, seen from the repository's root and from
// the example's own folder.
const (
	besideThis = "examples/guestbook/development.ini"
	present    = "development.ini"
)

// loadSettings reads the file that -settings names, and otherwise development.ini, or what is
// built in. It also returns what to call that. A development.ini of the present folder that says
// nothing of sessions is another program's.
func loadSettings(named string) (source *viper.Viper, file string, err error) {
	if named != "" {
		source, err = settings.Load(named)
		return source, named, err
	}
	for _, place := range []string{besideThis, present} {
		if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		source, err = settings.Load(place)
		if err != nil || place == besideThis || hasSessions(source) {
			return source, place, err
		}
	}
	// settings.Load reads files: they may come from anywhere, for a moment too.
	dir, err := os.MkdirTemp("", "guestbook")
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file = filepath.Join(dir, "development.ini")
	if err := os.WriteFile(file, builtIn, 0o600); err != nil {
		return nil, "", err
	}
	source, err = settings.Load(file)
	return source, "development.ini, which is built in (-settings names another file)", err
}

func hasSessions(source *viper.Viper) bool {
	return slices.ContainsFunc(source.AllKeys(), func(key string) bool { return strings.Contains(key, "redis.sessions.") })
}
