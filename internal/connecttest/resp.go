package connecttest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxValue is more than any value in a test, so that a damaged length does not
// take all memory.
const maxValue = 1 << 30

var errNotRESP = errors.New("not what Redis speaks")

// value is one reply or one command as it went over the wire, with what a
// proxy needs to know of it.
type value struct {
	raw   []byte
	kind  byte     // the first byte: '$', '*', '>', ...
	words []string // the elements of an array of strings
}

// readValue reads one value of RESP2 or RESP3.
func readValue(r *bufio.Reader) (value, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return value{}, err
	}
	if len(line) < 3 {
		return value{}, errNotRESP
	}
	v := value{raw: line, kind: line[0]}
	text := string(line[1 : len(line)-2])
	switch v.kind {
	case '+', '-', ':', '_', ',', '#', '(':
		return v, nil
	case '$', '!', '=':
		return v, v.readBytes(r, text)
	case '*', '~', '>':
		return v, v.readElements(r, text, 1)
	case '%', '|':
		return v, v.readElements(r, text, 2)
	default:
		return value{}, fmt.Errorf("%w: a line that begins with %q", errNotRESP, v.kind)
	}
}

func (v *value) readBytes(r *bufio.Reader, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n > maxValue {
		return errNotRESP
	}
	if n < 0 {
		return nil
	}
	body := make([]byte, n+2)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	v.raw = append(v.raw, body...)
	v.words = []string{string(body[:n])}
	return nil
}

func (v *value) readElements(r *bufio.Reader, text string, each int) error {
	n, err := strconv.Atoi(text)
	if err != nil || n > maxValue {
		return errNotRESP
	}
	for range n * each {
		e, err := readValue(r)
		if err != nil {
			return err
		}
		v.raw = append(v.raw, e.raw...)
		v.words = append(v.words, e.words...)
	}
	return nil
}
