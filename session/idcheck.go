package session

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An ID of the application's own generator, or a value of its own signer, may be one that
// does not come back: the visitor would be answered with a cookie that never verifies. So
// a new ID is checked before anything is written. No error shows the ID.

// checkID returns an error for an ID that is not printable text.
func (f *Factory) checkID(id string) error {
	switch {
	case f.idsAreOurs:
		return nil
	case id == "":
		return badID("is empty")
	case !utf8.ValidString(id):
		return badID("is not UTF-8")
	case strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }):
		return badID("has a character that cannot be printed, or white space other than blanks")
	}
	return nil
}

// checkSigned returns an error for a cookie's value that browsers would not keep, or that
// does not verify.
func (f *Factory) checkSigned(id, signed string) error {
	if err := f.opts.Cookie.checkValue(signed); err != nil {
		if f.idsAreOurs {
			return err
		}
		return fmt.Errorf("%w (id_generator, Options.NewID, made an ID of %d bytes)", err, len(id))
	}
	if f.idsAreOurs && f.opts.Signer == nil {
		return nil
	}
	back, err := f.signer.Verify(signed)
	switch {
	case err == nil && back == id:
		return nil
	case f.opts.Signer == nil:
		return badID("does not come back from its cookie")
	}
	return errors.New("session: new ID: cookie_signer (Options.Signer) does not verify the value that it made")
}

func badID(why string) error {
	return fmt.Errorf("session: new ID: what id_generator (Options.NewID) returned %s; return random bytes as text, in base64url or hex", why)
}
