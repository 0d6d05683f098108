package linearizable_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	modifyKey  = "n"
	listKey    = "m" // holds a list that is changed in place
	flashKey   = "_f_"
	csrfKey    = "_csrft_"
	timeoutKey = "(timeout)" // not data; its value is the session's timeout
)

// plainKeys are set, deleted and popped; dataKeys are what Clear clears.
var (
	plainKeys = []string{"a", "b"}
	dataKeys  = append([]string{modifyKey, listKey, flashKey, csrfKey}, plainKeys...)
	allKeys   = append([]string{timeoutKey}, dataKeys...)
)

// command is one line of a request's program.
type command struct{ name, key, text string }

// program is what one request does.
type program []command

// chance says how often a command is drawn.
type chance struct {
	weight int
	name   string
}

// working requests mostly change data; leaving ones mostly change the ID.
var (
	working = []chance{
		{10, "get"}, {6, "peek"}, {10, "set"}, {4, "delete"}, {4, "setdefault"}, {5, "pop"},
		{10, "modify"}, {8, "grow"}, {8, "flash"}, {2, "flashonce"}, {5, "popflash"},
		{1, "clear"}, {3, "timeout"}, {5, "csrf"}, {2, "newcsrf"}, {3, "renew"}, {1, "invalidate"}, {1, "logout"},
	}
	leaving = []chance{{2, "get"}, {2, "modify"}, {1, "csrf"}, {4, "renew"}, {2, "invalidate"}, {2, "logout"}}
)

// drawProgram draws a program of up to five commands. name makes the values in
// it unique.
func drawProgram(rng *rand.Rand, chances []chance, name string) program {
	total := 0
	for _, c := range chances {
		total += c.weight
	}
	var p program
	for i := range rng.IntN(6) {
		n := rng.IntN(total)
		for _, c := range chances {
			if n -= c.weight; n < 0 {
				p = append(p, complete(rng, command{name: c.name, text: fmt.Sprintf("%s_%d", name, i)}))
				break
			}
		}
	}
	return p
}

// complete chooses what a command is about.
func complete(rng *rand.Rand, c command) command {
	switch c.name {
	case "set", "delete", "setdefault", "pop":
		c.key = plainKeys[rng.IntN(len(plainKeys))]
		if rng.IntN(4) == 0 {
			c.text = "common" // so that values are sometimes equal
		} else if rng.IntN(6) == 0 {
			c.text += strings.Repeat("_", 5000) // so that some records are saved as large ones
		}
	case "get":
		c.key = allKeys[rng.IntN(len(allKeys))]
	case "modify":
		c.key = modifyKey
		if rng.IntN(4) == 0 {
			c.key = "a"
		}
	case "timeout":
		c.text = []string{"20m0s", "45m0s", "2h0m0s"}[rng.IntN(3)]
	case "flashonce":
		c.text = "once"
	}
	if (c.name == "modify" || c.name == "flash") && rng.IntN(3) == 0 {
		c.text = "equal" // so that two requests may make one record of another
	}
	return c
}
