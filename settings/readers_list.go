package settings

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// secretList reads a list of secrets: a list of YAML or TOML, or text. Each line of a text
// is a secret as a whole, so that a secret with blanks can move here from redis.sessions.secret.
// In a line with blanks each word that is long enough to be a secret is one too, since the
// list may stand in one line.
var secretList = reader{
	want: "secrets, one a line or space-separated",
	read: func(raw any) (any, error) {
		items, err := itemsOf(raw, func(line string) []string { return []string{line} })
		if err != nil {
			return nil, err
		}
		text, isText := textOf(raw)
		if !isText {
			return asSecrets(items...), nil
		}
		lines := strings.Split(text, "\n")
		var list []Secret
		for _, line := range lines {
			list = append(list, secretsIn(line, len(lines) > 1)...)
		}
		return list, nil
	},
}

// secretsIn returns the secrets that a line may have been meant as. Blanks around a line
// belong to a secret that was written with them, and to none where they only stand around
// it: both are secrets. In front of one of several lines they are its indentation.
func secretsIn(line string, several bool) []Secret {
	if several {
		line = strings.TrimSuffix(strings.TrimLeft(line, " \t"), "\r")
	}
	trimmed := strings.TrimSpace(line)
	if trimmed == "" {
		return nil
	}
	var list []Secret
	if line != trimmed {
		list = asSecrets(line)
	}
	list = append(list, Secret(trimmed))
	if words := strings.Fields(trimmed); len(words) > 1 {
		for _, word := range words {
			if len(word) >= shortSecret {
				list = append(list, Secret(word))
			}
		}
	}
	return list
}

func asSecrets(texts ...string) []Secret {
	list := make([]Secret, len(texts))
	for i, text := range texts {
		list[i] = Secret(text)
	}
	return list
}

// shortWords counts the words that are not secrets by themselves in a list of one line,
// which may have been meant as that many.
func shortWords(e entry) int {
	text, ok := e.raw.(string)
	text = strings.TrimSpace(text)
	words := strings.Fields(text)
	if !ok || strings.Contains(text, "\n") || len(words) < 2 {
		return 0
	}
	count := 0
	for _, word := range words {
		if len(word) < shortSecret {
			count++
		}
	}
	return count
}

// encryptionKeys reads keys in either alphabet of base64, padded or not, and writes them
// in the standard one.
var encryptionKeys = reader{
	want: "keys of 32 bytes in base64, one a line or space-separated",
	read: func(raw any) (any, error) {
		return eachWord(raw, func(list []Secret, word string) ([]Secret, error) {
			key, err := decodeKey(word)
			if err != nil {
				return nil, fmt.Errorf("key %d: %w", len(list)+1, err)
			}
			return append(list, Secret(base64.StdEncoding.EncodeToString(key))), nil
		})
	},
}

func decodeKey(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("expected base64 (`openssl rand -base64 32` makes one)")
	}
	if len(key) != 32 {
		return nil, fmt.Errorf("expected 32 bytes in base64, found %d", len(key))
	}
	return key, nil
}

// addresses reads a list of host:port; the port may be left out.
func addresses(port int) reader {
	return reader{
		want: fmt.Sprintf("addresses like redis1:%d redis2:%d, separated by spaces, commas or lines", port, port),
		read: func(raw any) (any, error) {
			return eachWord(raw, func(list []string, word string) ([]string, error) {
				address, err := address(word, port)
				if err != nil {
					return nil, fmt.Errorf("address %d: %w", len(list)+1, err)
				}
				return append(list, address), nil
			})
		},
	}
}

func address(text string, port int) (string, error) {
	if strings.ContainsAny(text, "/@") {
		return "", errors.New("expected host:port, without a scheme or credentials")
	}
	if net.ParseIP(text) != nil || !strings.Contains(text, ":") {
		return net.JoinHostPort(text, strconv.Itoa(port)), nil
	}
	host, portText, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return "", errors.New("expected host:port")
	}
	if n, err := strconv.ParseUint(portText, 10, 16); err != nil || n == 0 {
		return "", errors.New("expected a port from 1 to 65535")
	}
	return net.JoinHostPort(host, portText), nil
}

// names reads the names of several things that an application has registered.
var names = reader{
	want: "names, separated by spaces, commas or lines",
	read: func(raw any) (any, error) {
		return eachWord(raw, func(list []string, word string) ([]string, error) {
			if slices.Contains(list, word) {
				return nil, fmt.Errorf("name %d stands there twice", len(list)+1)
			}
			return append(list, word), nil
		})
	},
}

// eachWord makes a list of the words of a value, which is a text or a list of texts. add
// returns the list with what it makes of one more word.
func eachWord[T any](raw any, add func(list []T, word string) ([]T, error)) (list []T, err error) {
	items, err := itemsOf(raw, splitWords)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		for _, word := range splitWords(item) {
			if list, err = add(list, word); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

func splitWords(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
}

// itemsOf takes a list apart. Text of several lines holds one item a line, which may
// then have spaces in it; text of one line is split by split. Blank items are dropped.
func itemsOf(raw any, split func(line string) []string) ([]string, error) {
	var found []string
	if text, ok := textOf(raw); ok {
		if strings.Contains(text, "\n") {
			found = strings.Split(text, "\n")
			for i := range found {
				found[i] = strings.TrimSpace(found[i])
			}
		} else {
			found = split(text)
		}
	} else {
		value := reflect.ValueOf(raw)
		if value.Kind() != reflect.Slice && value.Kind() != reflect.Array {
			return nil, notText(raw)
		}
		for i := range value.Len() {
			item := value.Index(i).Interface()
			text, ok := textOf(item)
			if !ok {
				return nil, fmt.Errorf("item %d: %w", i+1, errNotText)
			}
			found = append(found, text)
		}
	}
	kept := found[:0]
	for _, item := range found {
		if strings.TrimSpace(item) != "" {
			kept = append(kept, item)
		}
	}
	if len(kept) == 0 {
		return nil, errors.New("holds no item")
	}
	return kept, nil
}

var errNotText = errors.New("expected text; put it in quotes")
