package settings

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

func secretOptions(t *testing.T) *Options {
	t.Helper()
	o, err := Parse(Map{
		"redis.sessions.secret":            "hunter-secret",
		"redis.sessions.secret_previous":   []any{"hunter-older", "hunter-oldest"},
		"redis.sessions.url":               "redis://user:hunter-url@localhost",
		"redis.sessions.password":          "hunter-password",
		"redis.sessions.timeout":           "20m",
		"redis.sessions.sentinel_password": nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.SentinelPassword = "hunter-sentinel"
	o.EncryptionKeys = []Secret{"hunter-key"}
	return o
}

type oneSecret struct{ Password Secret }

// TestSecretIsRedacted prints Options by every verb and flag, also from inside other
// values, where fmt reads fields by reflection and calls no method.
func TestSecretIsRedacted(t *testing.T) {
	o := secretOptions(t)
	printed := map[string]string{}
	for _, verb := range "vsqxXdobcUeEfFgGtTpwZ" {
		for _, flags := range []string{"", "+", "#", " ", "0", "-", "20", "20.3"} {
			format := "%" + flags + string(verb)
			values := []any{
				o, *o, struct{ O *Options }{o}, struct{ o *Options }{o}, struct{ O Options }{*o}, struct{ o Options }{*o},
				[]*Options{o}, []Options{*o}, map[string]*Options{"o": o}, &struct{ in struct{ o Options } }{struct{ o Options }{*o}}, struct{ any any }{*o}, struct{ any any }{o},
			}
			if verb != 'p' && verb != 'w' { // of which fmt asks no type
				values = append(values, o.Secret, &o.Secret, o.SecretPrevious, map[Secret]Secret{o.Secret: o.URL}, []any{o.Secret})
			}
			for _, value := range values {
				printed[format] += fmt.Sprintf(format, value)
			}
		}
	}
	printed["Sprintln"] = fmt.Sprintln(o, o.Secret, o.SecretPrevious)
	printed["error"] = fmt.Errorf("x: %w %v", fmt.Errorf("y"), o.Secret).Error()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("options", "all", o, "secret", o.Secret, "list", o.SecretPrevious)
		printed[name] = b.String()
	}
	for name, marshal := range map[string]func(any) ([]byte, error){"JSON": json.Marshal, "YAML": yaml.Marshal, "TOML": toml.Marshal, "XML": xml.Marshal} {
		out, err := marshal(*o)
		if err != nil {
			t.Fatal(name, err)
		}
		printed[name] = string(out)
		out, err = marshal(oneSecret{o.Password})
		if err != nil {
			t.Fatal(name, err)
		}
		printed[name+" of a Secret"] = string(out)
	}
	for name, text := range printed {
		hexed := strings.ToLower(fmt.Sprintf("%x", "hunter"))
		if strings.Contains(text, "hunter") || strings.Contains(strings.ToLower(text), hexed) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
	}
	for _, name := range []string{"%v", "%+v", "%#v", "slog text", "slog JSON", "JSON", "YAML", "XML", "JSON of a Secret", "YAML of a Secret", "TOML of a Secret", "XML of a Secret"} {
		if !strings.Contains(printed[name], redacted) {
			t.Errorf("%s does not say %s: %s", name, redacted, printed[name])
		}
	}
	if string(o.Secret) != "hunter-secret" {
		t.Error("string(secret) is its content")
	}
}
