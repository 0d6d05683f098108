// Package faults holds no code but tests: visitors use a site at a steady pace
// while its Redis, or the network on the way there, is made to fail.
//
// Every visitor counts its saves. A count that is too low is a save that was
// lost, one that is too high is a save that was made twice, and a session with
// another visitor's name is the worst that can happen.
//
// docs/reliability.md has what was seen.
package faults
