package sign

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An application's ID generator or signer may make a value that does not come back from
// the browser: the visitor would get a cookie that never
// verifies. So a new ID is checked before anything is written. No error shows the ID.

// CheckID returns an error for an ID that is not printable text.
func CheckID(id string) error {
	switch {
	case id == "":
		return badID("is empty")
	case !utf8.ValidString(id):
		return badID("is not UTF-8")
	case strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }):
		return badID("has a character that cannot be printed, or white space other than blanks")
	}
	return nil
}

// ErrIDLost is for an ID that the signer does not return from the value made of it.
var ErrIDLost = badID("does not come back from its cookie")

func badID(why string) error {
	return fmt.Errorf("session: new ID: what id_generator (Options.NewID) returned %s; return random bytes as text, in base64url or hex", why)
}
