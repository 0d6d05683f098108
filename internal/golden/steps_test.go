package golden_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"

	"github.com/go-jose/go-jose/v4"

	"github.com/pyramidgo/redissessions/session"
)

func renew(w *world) func(ctx context.Context, s *session.Session) {
	return func(ctx context.Context, s *session.Session) {
		if err := s.Renew(ctx); err != nil {
			w.t.Error(err)
		}
	}
}

const (
	labelName  = "sid"
	labelValue = "provider-17"
)

func login(w *world) {
	w.visit(func(ctx context.Context, s *session.Session) {
		fill(s, plain)
		if err := s.Login(ctx, "ada", session.WithLabel(labelName, labelValue)); err != nil {
			w.t.Error(err)
		}
	})
}

// claim leaves a claim in the record: the work ends after its claim was recorded.
func claim(w *world) func(ctx context.Context, s *session.Session) {
	return func(ctx context.Context, s *session.Session) {
		var during map[string]string
		_, err := session.Once(ctx, s, "refresh", func(context.Context) (int, error) {
			during = map[string]string{}
			for _, k := range w.redis.Keys() {
				during[k], _ = w.redis.Get(k)
			}
			return 1, nil
		})
		if err != nil {
			w.t.Error(err)
		}
		w.after = func() {
			for k, record := range during {
				ttl := w.redis.TTL(k)
				_ = w.redis.Set(k, record)
				w.redis.SetTTL(k, ttl)
			}
		}
	}
}

var offered = regexp.MustCompile(`path="([^"]+)";challenge="([^"]+)"`)

// register logs in, and registers the browser's key.
func register(w *world) {
	w.t.Helper()
	resp := w.visit(func(ctx context.Context, s *session.Session) {
		fill(s, plain)
		if err := s.Login(ctx, "ada"); err != nil {
			w.t.Error(err)
		}
	})
	found := offered.FindStringSubmatch(resp.Header.Get("Secure-Session-Registration"))
	if found == nil {
		w.t.Fatalf("no registration is offered: %q", resp.Header)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dbsc+jwt"))
	if err != nil {
		w.t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]string{"jti": found[2]})
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	proof, err := signed.CompactSerialize()
	if err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://example.com"+found[1], http.NoBody)
	r.Header.Set("Secure-Session-Response", proof)
	resp = w.send(r, http.NotFound)
	if resp.StatusCode != http.StatusOK || w.browser.Cookie("session_bound") == "" {
		w.t.Fatalf("the registration is answered with %d", resp.StatusCode)
	}
}

// ids makes the IDs of a session that is recorded: each looks like one that the format makes.
func ids(name, format string) func() (string, error) {
	n := 0
	return func() (string, error) {
		n++
		b := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, n))
		switch format {
		case "pyramid_redis_sessions":
			return hex.EncodeToString(b[:]), nil
		case "pyramid_session_redis":
			more := sha256.Sum256(b[:])
			return base64.RawURLEncoding.EncodeToString(append(b[:], more[:16]...)), nil
		}
		return base64.RawURLEncoding.EncodeToString(b[:]), nil
	}
}
