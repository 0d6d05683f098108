package settings

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"weak"

	"github.com/spf13/viper"
)

// place is a line of a file.
type place struct {
	file string
	line int // from 1; 0 when the line is not known
}

// String returns "file:line", or the file's name where the line is not known.
func (p place) String() string {
	if p.line == 0 {
		return p.file
	}
	return fmt.Sprintf("%s:%d", p.file, p.line)
}

// origin is what Load knows about the settings in the viper that it returns, and viper
// does not keep: which variable and which line each value comes from.
type origin struct {
	file      string
	variables map[string]string // by key: the environment variable that sets it
	similar   []string          // variables whose prefix is almost ours

	mu    sync.Mutex
	read  map[string]any   // by key in lower case: what the file has
	lines map[string]place // of those
}

// setFile replaces what is known of the file, also when viper reads it again.
func (o *origin) setFile(read map[string]any, lines map[string]place) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.read, o.lines = map[string]any{}, lines
	walk("", read, func(key string, value any) {
		if key = strings.ToLower(key); isOurs(key) {
			o.read[key] = value
		}
	})
}

// variable returns the environment variable from which a key's value comes, "" when the
// value comes from elsewhere: the application may have set it since.
func (o *origin) variable(src Source, key string) string {
	if o == nil {
		return ""
	}
	variable := o.variables[strings.ToLower(key)]
	if value := os.Getenv(variable); variable == "" || value == "" || src.Get(key) != any(value) {
		return ""
	}
	return variable
}

// place returns where the file has a key, a zero place when the key's value does not come
// from the file.
func (o *origin) place(key string, value any) place {
	if o == nil {
		return place{}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	key = strings.ToLower(key)
	if read, ok := o.read[key]; !ok || !reflect.DeepEqual(read, value) {
		return place{}
	}
	if at, ok := o.lines[key]; ok {
		return at
	}
	return place{file: o.file}
}

// origins holds an origin for each viper that Load returned, as long as that is in use:
// a viper has no room for it, and a key of its own would be the application's to see.
var origins = struct {
	mu      sync.Mutex
	byViper map[weak.Pointer[viper.Viper]]*origin
}{byViper: map[weak.Pointer[viper.Viper]]*origin{}}

// remember keeps o for v.
func (o *origin) remember(v *viper.Viper) {
	key := weak.Make(v)
	origins.mu.Lock()
	defer origins.mu.Unlock()
	origins.byViper[key] = o
	runtime.AddCleanup(v, func(key weak.Pointer[viper.Viper]) {
		origins.mu.Lock()
		defer origins.mu.Unlock()
		delete(origins.byViper, key)
	}, key)
}

// originOf returns what Load knows about a source, nil for a source of another kind.
func originOf(src Source) *origin {
	v, ok := src.(*viper.Viper)
	if !ok {
		return nil
	}
	origins.mu.Lock()
	defer origins.mu.Unlock()
	return origins.byViper[weak.Make(v)]
}

func isOurs(key string) bool {
	return strings.HasPrefix(key, prefix) || strings.HasPrefix(key, goPrefix)
}

// lowered returns the lines by key in lower case; of several spellings the one in lower
// case stays, as in fold.
func lowered(lines map[string]place) map[string]place {
	low := make(map[string]place, len(lines))
	for key, at := range maps.All(lines) {
		if folded := strings.ToLower(key); folded == key || low[folded] == (place{}) {
			low[folded] = at
		}
	}
	return low
}
