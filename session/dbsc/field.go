package dbsc

import (
	"errors"
	"strings"
)

// maxBytes bounds each of the browser's headers, and the body, of which nothing is read.
const maxBytes = 16 << 10

var (
	errTooLong  = errors.New("dbsc: a header is too long")
	errBadField = errors.New("dbsc: a header is no string or token (RFC 9651)")
)

// field returns the value of a header that must be there once: an item of RFC 9651, a
// string or a token. Parameters are passed over when they are strings.
func field(lines []string) (string, error) {
	if len(lines) != 1 {
		return "", errBadField
	}
	text := lines[0]
	if len(text) > maxBytes {
		return "", errTooLong
	}
	value, rest, ok := bareItem(strings.Trim(text, " "))
	for ok && rest != "" {
		var param string
		if param, ok = strings.CutPrefix(rest, ";"); !ok {
			break
		}
		param = strings.TrimLeft(param, " ")
		n := strings.IndexFunc(param, func(r rune) bool { return !keyRune(r) })
		if n < 1 || param[n] != '=' || !strings.HasPrefix(param[n:], `="`) || !keyStart(param[0]) {
			return "", errBadField
		}
		_, rest, ok = bareItem(param[n+1:])
	}
	if !ok || value == "" {
		return "", errBadField
	}
	return value, nil
}

// bareItem takes a string or a token from the front of a text.
func bareItem(text string) (value, rest string, ok bool) {
	if inner, found := strings.CutPrefix(text, `"`); found {
		return quotedString(inner)
	}
	n := 0
	for n < len(text) && tokenByte(text[n]) {
		n++
	}
	return text[:n], text[n:], n > 0
}

// quotedString takes a string whose opening quotation mark has been taken.
func quotedString(text string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], true
		case c == '\\':
			i++
			if i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", "", false
			}
			b.WriteByte(text[i])
		case c < 0x20 || c > 0x7e:
			return "", "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

func isAlpha(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// tokenByte reports whether a token may hold the byte. The draft's tokens are base64url,
// which may begin with a digit, a - or a _: RFC 9651's may not.
func tokenByte(c byte) bool {
	return isAlpha(c) || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~:/", c) >= 0
}

func keyStart(c byte) bool { return 'a' <= c && c <= 'z' || c == '*' }

func keyRune(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.*", r)
}

// quoted is a text as a string of RFC 9651. What this package sends needs no escapes.
func quoted(text string) string { return `"` + text + `"` }
