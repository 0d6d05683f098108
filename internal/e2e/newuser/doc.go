// Package newuser holds no code but tests, which make a module as a new user of
// the library does and look at what it depends on.
package newuser
