package settings

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// stricterOnPurpose are settings that one of the Python packages takes and ours refuses.
var stricterOnPurpose = map[string]string{
	`{"secret":""}`:                             "an empty secret signs nothing",
	`{"timeout":"-5"}`:                          "a session cannot end before it began",
	`{"cookie_secure":"maybe"}`:                 "asbool takes every word that it does not know for false",
	`{"cookie_comment":"c"}`:                    "browsers ignore it",
	`{"redis.sessions.extra.dots.timeout":"7"}`: "a misspelt key, of which Python reads the last part",
	`{"cookie_signer":"x"}`:                     "the test sets a secret too",
	`{"serialize":"json.dumps"}`:                "it needs deserialize: pickle would not read what JSON wrote",
}

// readOtherwise are settings whose value is not what Python makes of it.
var readOtherwise = map[string]any{
	`{"password":"None"}`: nil, // not set; Python would send the word
}

type pythonResult struct {
	Parsed map[string]struct {
		Type  string `json:"type"`
		Value any    `json:"value"`
	} `json:"parsed"`
	Error string `json:"error"`
}

// TestOptionVectors: what either Python package takes, ours takes with the same meaning,
// or refuses for a reason that is listed here.
func TestOptionVectors(t *testing.T) {
	for _, vector := range readVectors(t).Options {
		id, err := json.Marshal(vector.Settings)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(id), "no secret") {
			continue // TestCases has it
		}
		t.Run(string(id), func(t *testing.T) { checkOptionVector(t, string(id), vector) })
	}
}

func checkOptionVector(t *testing.T, id string, vector optionVector) {
	src := Map{"redis.sessions.secret": longSecret}
	for key, value := range vector.Settings {
		if !strings.HasPrefix(key, prefix) {
			key = prefix + key
		}
		src[key] = value
	}
	p := newParser(src)
	p.collect()
	p.contradictions(p.options())
	var accepted []pythonResult
	for _, raw := range []json.RawMessage{vector.Original, vector.Fork} {
		var result pythonResult
		if err := json.Unmarshal(raw, &result); err == nil && result.Error == "" {
			accepted = append(accepted, result)
		}
	}
	if reason, ok := stricterOnPurpose[id]; ok {
		if len(p.mistakes) == 0 {
			t.Errorf("no error, want one: %s", reason)
		}
		return
	}
	if len(accepted) == 0 {
		return // ours may still know the key: it serves both packages
	}
	if len(p.mistakes) > 0 {
		t.Errorf("Python takes it: %v", p.joined())
		return
	}
	for _, result := range accepted {
		for key, want := range result.Parsed {
			if want.Type == "partial" || !known(key) {
				continue
			}
			got, expected := given(p, key), want.Value
			if other, ok := readOtherwise[id]; ok {
				expected = other
			}
			if !sameAsPython(got, expected) {
				t.Errorf("%s: got %v, Python has %v", key, got, expected)
			}
		}
	}
}

func known(name string) bool { _, ok := spellings[name]; return ok }

// given is the value that the source gave for a name, nil when it gave none.
func given(p *parser, name string) any {
	if e, ok := p.given[spellings[name].name]; ok {
		return e.value
	}
	return nil
}

// sameAsPython compares by meaning: Python's None and empty text are "not set" and for a
// time also 0.
func sameAsPython(got, want any) bool {
	if want == nil || want == "" {
		return got == nil || got == time.Duration(0)
	}
	switch got := got.(type) {
	case time.Duration:
		return got.Seconds() == want
	case int:
		return fmt.Sprint(got) == fmt.Sprint(want)
	case bool:
		return got == want || fmt.Sprint(got) == strings.ToLower(fmt.Sprint(want))
	case nil:
		return false
	}
	text := reflect.ValueOf(got).String()
	return strings.EqualFold(text, fmt.Sprint(want))
}
