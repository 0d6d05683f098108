package main

import (
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/viper"

	"github.com/pyramidgo/redissessions/settings"
)

// builtIn is what the program runs on where there is no settings file: go run
// github.com/pyramidgo/redissessions/examples/guestbook@latest, in any folder.
//
//go:embed development.ini
var builtIn []byte

// defaultPlaces are where development.ini is, seen from the repository's root
// and from the example's own folder.
var defaultPlaces = []string{"examples/guestbook/development.ini", "development.ini"}

// loadSettings reads the file that -settings names, and otherwise the first of
// defaultPlaces, or what is built in. It also returns what to call that.
func loadSettings(named string) (source *viper.Viper, file string, err error) {
	for _, place := range defaultPlaces {
		if _, err := os.Stat(place); named == "" && !errors.Is(err, fs.ErrNotExist) {
			named = place
		}
	}
	if named != "" {
		source, err = settings.Load(named)
		return source, named, err
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
