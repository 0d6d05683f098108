package session

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // pyramid_redis_sessions signs with it
	"encoding/base64"
	"encoding/hex"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// FuzzSigned is FuzzCookie for somebody who has the secret: what is behind the
// signature is parsed without a panic, and one ID has one cookie.
func FuzzSigned(f *testing.F) {
	native := newHMACSigner(signerSalt("session"), testSecret, nil)
	original := newTestFactory(f, newMemStore(), func(o *Options) { o.Format = FormatPyramidRedisSessions }).signer
	for _, content := range []string{"id", "", "\xff", "\x80\x02U\x02idq\x01.", "\x80\x02X\x02\x00\x00\x00id.", "\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00\x8c\x02id\x94."} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		sum := native.keys[0].appendSum(nil, string(content))
		value := base64.RawURLEncoding.EncodeToString(append(sum, content...))
		if id, err := native.Verify(value); err == nil {
			if id != string(content) || len(value) > maxCookieBytes {
				t.Errorf("the ID is %q, of a cookie with %d bytes", id, len(value))
			}
			if again, err := native.Sign(id); err != nil || again != value {
				t.Errorf("%q has two cookies", id)
			}
		}

		mac := hmac.New(sha1.New, secretBytes(testSecret))
		mac.Write(content)
		value = hex.EncodeToString(mac.Sum(nil)) + base64.StdEncoding.EncodeToString(content)
		id, err := original.Verify(value)
		if err != nil {
			return
		}
		if !strings.Contains(string(content), id) || id == "" {
			t.Errorf("the ID %q is not in what was signed: %q", id, content)
		}
		again, err := original.Sign(id)
		if err != nil {
			t.Fatalf("%q was read and cannot be signed: %v", id, err)
		}
		if same, err := original.Verify(again); err != nil || same != id {
			t.Errorf("%q comes back as %q, %v", id, same, err)
		}
	})
}

// FuzzCookieHeader sends any header: no panic, at most eight commands, no
// new key, and no session but by its own cookie.
func FuzzCookieHeader(f *testing.F) {
	store := newMemStore()
	factory := newTestFactory(f, store, discardLog)
	known := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	s, err := factory.Get(r)
	if err != nil {
		f.Fatal(err)
	}
	s.Set("name", "Ada")
	if err := factory.Save(known, r, s); err != nil {
		f.Fatal(err)
	}
	value := known.Result().Cookies()[0].Value
	unknown, err := factory.signer.Sign("nobody's")
	if err != nil {
		f.Fatal(err)
	}
	for _, header := range []string{"", "session=KNOWN", "session=\"KNOWN\"", "session=UNKNOWN; session=KNOWN", "a=b; session=; session=x\nsession=KNOWN", strings.Repeat("session=UNKNOWN;", 20)} {
		f.Add(header)
	}
	// The fuzzer cannot sign: these words stand for cookies that are.
	signed := strings.NewReplacer("UNKNOWN", unknown, "KNOWN", value)
	f.Fuzz(func(t *testing.T, header string) {
		text := signed.Replace(header)
		store.takeCalls()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = slices.Collect(strings.SplitSeq(text, "\n"))
		s, err := factory.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		if s.Has("name") && !strings.Contains(text, value) {
			t.Error("Ada's session without her cookie")
		}
		if calls := store.takeCalls(); len(calls) > 8 || len(store.records) != 1 {
			t.Errorf("%d commands, %d records", len(calls), len(store.records))
		}
	})
}
