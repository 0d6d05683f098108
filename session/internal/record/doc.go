// Package record is what stands at one key of the store: the layouts of a session's
// data, the native header and marker, and the dicts of the two Pyramid packages. Its
// functions are pure: bytes in, bytes out. It knows no store, request or clock.
package record
