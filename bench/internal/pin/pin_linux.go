package pin

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Cores returns the cores that this process may use, in ascending order.
func Cores() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	var cores []int
	for core := range len(set) * 64 {
		if set.IsSet(core) {
			cores = append(cores, core)
		}
	}
	return cores, nil
}

// start starts a program from a thread that is tied to the core: a new process
// begins with the mask of the thread that makes it, so that not even the first
// thread of the program's runtime has run elsewhere.
//
// The goroutine stays locked to the thread. The signal that ends the program
// with its parent comes when that thread ends, and a thread with a mask of its
// own must not be given to other goroutines.
func start(cmd *exec.Cmd, core int) error {
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if core != Anywhere {
		var set unix.CPUSet
		set.Set(core)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("pin: core %d: %w", core, err)
		}
	}
	return cmd.Start()
}
