//go:build unix

package connecttest

import "syscall"

// Pause stops the server's process: it accepts connections and answers
// nothing, like a machine that hangs. Resume lets it go on.
func (s *Server) Pause() { s.process.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() { s.process.signal(syscall.SIGCONT) }
