//go:build !linux

package connecttest

import "syscall"

// diesWithParent has no counterpart here: a server outlives a test process
// that is killed.
func diesWithParent() *syscall.SysProcAttr { return nil }

func lockThread() (unlock func()) { return func() {} }
