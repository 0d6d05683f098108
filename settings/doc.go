// Package settings turns what an operator writes into [Options] that a program can use.
//
// Most programs call [github.com/pyramidgo/redissessions/factory.FromFile], which calls these
// two functions:
//
//	source, err := settings.Load("development.ini") // or .yaml, .toml, .json
//	options, err := settings.Parse(source)
//
// [Load] reads a file and the environment into a *viper.Viper, so that the application
// can keep its own settings in the same file. [Parse] takes the keys under
// redis.sessions. from it, or from any other [Source], such as a [Map] made in code. It
// is strict: an unknown key, a value of the wrong kind, or two keys that contradict each
// other is an error, and all errors are returned at once.
//
// The reference of all keys is docs/settings.md, which is made from the table in keys.go.
//
// This package knows nothing of Redis and of HTTP. The factory package hands the Options
// to those who do.
package settings
