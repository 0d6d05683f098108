// Package pin starts programs on a given processor core.
//
// The scheduler moves a server and its client between cores as it likes, and
// whether the two share a core changes the time of a round trip by a factor of
// three. A comparison that does not say where its programs run measures that.
package pin

import (
	"errors"
	"os/exec"
)

// ErrUnavailable is returned when this system cannot tie a program to a core.
var ErrUnavailable = errors.New("pin: this system cannot tie a program to a core")

// Process is a program that Start has started. It is killed when this one
// ends, where the system has a way to do that.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts a program on one core of those that Cores returns: all its
// threads and all programs that it starts stay there. With core Anywhere, or
// where there are no cores to choose from, the program runs where the system
// puts it.
func Start(cmd *exec.Cmd, core int) (*Process, error) {
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		err := start(cmd, core)
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.done)
	}()
	return p, <-started
}

// Anywhere is the core for a program that need not be pinned.
const Anywhere = -1

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the program's end and returns how it ended.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Kill ends the program and waits until it has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}
