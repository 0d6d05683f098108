// Package newer finds the servers that "make servers" unpacks beside the machine's own:
// Valkey 9 and Redis 8.
package newer

import (
	"fmt"
	"os"
	"path/filepath"
)

// Server returns the command that starts a program of the folder, such as "valkey-server": the
// folder's own loader with the libraries beside it, because the machine's C library is older,
// and then the program. The folder is that which REDISSESSIONS_SERVERS names, by default
// redissessions-servers in the user's cache directory. It returns an error that says so when
// the program is not there.
func Server(program string) (command []string, err error) {
	folder := os.Getenv("REDISSESSIONS_SERVERS")
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("newer: %w", err)
		}
		folder = filepath.Join(cache, "redissessions-servers")
	}
	path := filepath.Join(folder, "usr", "bin", program)
	loaders, err := filepath.Glob(filepath.Join(folder, "usr", "lib", "*-linux-gnu", "ld-linux*.so.*"))
	if err != nil {
		return nil, fmt.Errorf("newer: %w", err)
	}
	if _, err := os.Stat(path); err != nil || len(loaders) != 1 {
		return nil, fmt.Errorf("newer: %s is not in %s; make servers unpacks it on Debian, and REDISSESSIONS_SERVERS names another folder", program, folder)
	}
	return []string{loaders[0], "--library-path", filepath.Dir(loaders[0]), path}, nil
}
