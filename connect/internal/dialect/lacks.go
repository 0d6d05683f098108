package dialect

import (
	"strings"

	"github.com/pyramidgo/redissessions/session"
)

// Lacks reports whether a refusal is about the command itself: the server does
// not know it, or one of its options, or this user may not run it. Another
// command for the same purpose may be carried out then. What a refused command
// says differs from server to server and from proxy to proxy, so everything
// counts that is not about the moment or about what is stored at the key.
func Lacks(text string) bool {
	return !Passing(text) && !begins(text, "WRONGTYPE ") && !strings.HasPrefix(text, "NOAUTH ")
}

// Unable returns the error of an operation that the server has no way to carry
// out.
func Unable(op, place string, err error) error {
	return &Fault{what: op + ": " + place, err: err, class: session.ErrRefused}
}
