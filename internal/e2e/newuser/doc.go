// Package newuser holds no code but tests. They make a module as a new user of
// the library does, look at what it depends on, and do what the README and the tutorial say.
package newuser
