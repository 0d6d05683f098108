package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/pyramidgo/redissessions/bench/apps"
)

var (
	errNotHTTP  = errors.New("not a response of HTTP/1.1")
	errNoLength = errors.New("a response without Content-Length")
)

// readResponse reads one response. Without whole, the answer has the status
// only. A body must come with its length, as small bodies do.
func readResponse(r *bufio.Reader, whole bool) (apps.Answer, error) {
	var answer apps.Answer
	line, err := readLine(r)
	if err != nil {
		return answer, err
	}
	// HTTP/1.1 200 OK
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return answer, fmt.Errorf("%w: %q", errNotHTTP, line)
	}
	if answer.Status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return answer, fmt.Errorf("%w: %q", errNotHTTP, line)
	}

	length := -1
	for {
		if line, err = readLine(r); err != nil {
			return answer, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case equalFold(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return answer, fmt.Errorf("%w: Content-Length %q", errNotHTTP, value)
			}
		case whole && equalFold(name, "set-cookie"):
			answer.SetCookie = append(answer.SetCookie, string(value))
		}
	}

	if answer.Status == http.StatusNoContent || answer.Status == http.StatusNotModified {
		length = 0
	}
	if length < 0 {
		return answer, errNoLength
	}
	if !whole {
		_, err = r.Discard(length)
		return answer, err
	}
	body := make([]byte, length)
	_, err = io.ReadFull(r, body)
	answer.Body = string(body)
	return answer, err
}

// readLine returns a line without its end. It is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// equalFold compares a header's name with one in lower case. bytes.EqualFold
// knows Unicode and takes its time.
func equalFold(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, b := range name {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		if b != lower[i] {
			return false
		}
	}
	return true
}
