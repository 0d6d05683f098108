//go:build !race

package linearizable_test

const raceEnabled = false
