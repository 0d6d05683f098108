package connecttest

import (
	"runtime"
	"syscall"
)

// diesWithParent makes the kernel kill the program when the test process ends
// in whatever way, so that no server outlives a panic or a time-out.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// lockThread keeps the goroutine on its thread until the returned function is
// called.
func lockThread() (unlock func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
