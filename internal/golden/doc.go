// Package golden holds no code but tests. They keep the promise of docs/upgrading.md: what a
// released version has stored in Redis and sent as a cookie is read by every later version.
//
// testdata/golden has a folder for each release, with what that release wrote: the records as
// hex, one file each, and a manifest, which says for every session the settings that wrote
// it, the keys, the cookies, and what they must read as. TestEveryReleaseIsRead puts each into
// a Redis and reads it by the present code. TestThisVersionWritesTheSame writes the same sessions
// by the present code, and fails when they differ from those of the newest folder; what the
// next release writes is then recorded as its own folder:
//
//	go test ./internal/golden -run TestThisVersionWritesTheSame -record 0.2.0
//
// A folder that is there is never written again.
package golden
