//go:build !linux

package pin

import "os/exec"

// Cores returns the cores that this process may use: none are known here.
func Cores() ([]int, error) { return nil, ErrUnavailable }

func start(cmd *exec.Cmd, _ int) error { return cmd.Start() }
