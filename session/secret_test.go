package session

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// No verb that prints text shows a secret of options that are printed as a value, by a
// pointer, or in another value. Behind a pointer in another value fmt prints the address;
// but with a verb that does not apply to pointers it calls no methods, and prints the
// fields.
func TestOptionsPrintNoSecret(t *testing.T) {
	const secret, old, key = "topsecret-one", "topsecret-two", "topsecret-key"
	o := Options{Secret: secret, PreviousSecrets: []string{old}, EncryptionKeys: [][]byte{[]byte(key)}}
	type inside struct{ Options Options }
	type pointing struct{ o *Options }
	values := []any{o, &o, inside{o}, &inside{o}, []Options{o}, map[string]Options{"k": o},
		map[string]any{"k": o}, o.PreviousSecrets, o.EncryptionKeys, []any{o.PreviousSecrets, o.EncryptionKeys}}
	var shown strings.Builder
	for _, verb := range "vsqxX" {
		for _, flags := range []string{"%", "%+", "%#", "% ", "%-20", "%020"} {
			for _, v := range values {
				fmt.Fprintf(&shown, flags+string(verb)+"\n", v)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%d", "%x"} {
		fmt.Fprintf(&shown, verb+verb, pointing{&o}, &pointing{&o})
	}
	for _, v := range values {
		slog.New(slog.NewTextHandler(&shown, nil)).Info("options", "v", v)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("options", "v", v)
	}
	for _, v := range []any{o.PreviousSecrets, o.EncryptionKeys} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(b)
	}
	for _, s := range []string{secret, old, key} {
		for _, form := range []string{s, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), fmt.Sprintf("%d", []byte(s))} {
			if i := strings.Index(shown.String(), form); i >= 0 {
				t.Errorf("%s is shown: %.200s", s, shown.String()[max(0, i-100):])
			}
		}
	}
	if !strings.Contains(shown.String(), redacted) || !strings.Contains(shown.String(), "session.Options{Cookie:") {
		t.Error("nothing was printed")
	}
}
