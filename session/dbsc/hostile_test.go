package dbsc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pyramidgo/redissessions/session/dbsc"
)

// handmade signs a header and claims that no library would make. It signs by what the key
// is, whatever the header says.
func handmade(t testing.TB, key crypto.Signer, header, claims string) string {
	t.Helper()
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	var signature []byte
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		signature = s.FillBytes(make([]byte, size))
		signature = append(r.FillBytes(make([]byte, size)), signature...)
	case *rsa.PrivateKey:
		var err error
		if signature, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:]); err != nil {
			t.Fatal(err)
		}
	}
	return text + "." + b64(signature)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func jwkOf(t testing.TB, key any) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// badProofs are made of a good one's key and challenge. Registrations have a jwk.
func badProofs(t testing.TB, key crypto.Signer, challenge string, registration bool) map[string]string {
	t.Helper()
	jwk := ""
	if registration {
		jwk = `,"jwk":` + jwkOf(t, key.Public())
	}
	claims := `{"jti":"` + challenge + `"}`
	header := func(text string) string { return handmade(t, key, `{`+text+jwk+`}`, claims) }
	body := func(text string) string {
		return handmade(t, key, `{"alg":"ES256","typ":"dbsc+jwt"`+jwk+`}`, text)
	}
	good := body(claims)
	parts := strings.Split(good, ".")
	bad := map[string]string{
		"alg none":                  header(`"alg":"none","typ":"dbsc+jwt"`),
		"alg none, no signature":    b64([]byte(`{"alg":"none","typ":"dbsc+jwt"`+jwk+`}`)) + "." + parts[1] + ".",
		"alg HS256":                 header(`"alg":"HS256","typ":"dbsc+jwt"`),
		"alg ES384":                 header(`"alg":"ES384","typ":"dbsc+jwt"`),
		"alg PS256":                 header(`"alg":"PS256","typ":"dbsc+jwt"`),
		"no alg":                    header(`"typ":"dbsc+jwt"`),
		"alg in a list":             header(`"alg":["ES256"],"typ":"dbsc+jwt"`),
		"alg twice":                 header(`"alg":"none","alg":"ES256","typ":"dbsc+jwt"`),
		"alg twice, by an escape":   header(`"alg":"ES256","al\u0067":"ES256","typ":"dbsc+jwt"`),
		"typ twice":                 header(`"alg":"ES256","typ":"dbsc+jwt","typ":"dbsc+jwt"`),
		"another typ":               header(`"alg":"ES256","typ":"JWT"`),
		"typ a number":              header(`"alg":"ES256","typ":1`),
		"no typ":                    header(`"alg":"ES256"`),
		"crit":                      header(`"alg":"ES256","typ":"dbsc+jwt","crit":["x"],"x":"y"`),
		"b64":                       header(`"alg":"ES256","typ":"dbsc+jwt","b64":false`),
		"a certificate":             header(`"alg":"ES256","typ":"dbsc+jwt","x5c":["MAA="]`),
		"a parameter that is null":  header(`"alg":"ES256","typ":"dbsc+jwt","kid":null`),
		"jti a number":              body(`{"jti":5}`),
		"jti in a list":             body(`{"jti":["` + challenge + `"]}`),
		"jti twice":                 body(`{"jti":"` + challenge + `","jti":"` + challenge + `"}`),
		"no jti":                    body(`{}`),
		"JTI":                       body(`{"JTI":"` + challenge + `"}`),
		"authorization a number":    body(`{"jti":"` + challenge + `","authorization":1}`),
		"claims in a list":          body(`[` + claims + `]`),
		"claims and more":           body(claims + claims),
		"claims and a comma":        body(claims + ","),
		"claims that are no JSON":   body(`{"jti":"` + challenge + `"`),
		"nothing":                   "",
		"dots":                      "..",
		"many dots":                 strings.Repeat(".", 1000),
		"two parts":                 parts[0] + "." + parts[1],
		"four parts":                good + ".",
		"padding":                   parts[0] + "." + parts[1] + "." + parts[2] + "=",
		"a line's end in it":        parts[0] + "." + parts[1][:4] + "\\n" + parts[1][4:] + "." + parts[2],
		"longer than 16 KiB":        body(`{"jti":"` + challenge + `","x":"` + strings.Repeat("x", 16<<10) + `"}`),
		"deep":                      body(`{"jti":"` + challenge + `","x":` + strings.Repeat("[", 5000) + `}`),
		"the other kind of proof":   "",
		"a JSON serialization":      `{\"payload\":\"` + parts[1] + `\",\"protected\":\"` + parts[0] + `\",\"signature\":\"` + parts[2] + `\"}`,
		"two in one header":         good + `", "` + good,
		"a parameter of no string":  good + `";x=1;y="`,
		"a parameter without value": good + `";x;y="`,
	}
	if registration {
		rs1024, rs2048 := rsaKey(t, 1024), rsaKey(t, 2048)
		p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		es := func(text string) string {
			return handmade(t, key, `{"alg":"ES256","typ":"dbsc+jwt","jwk":`+text+`}`, claims)
		}
		own := jwkOf(t, key.Public())
		bad["RSA of 1024 bits"] = handmade(t, rs1024, `{"alg":"RS256","typ":"dbsc+jwt","jwk":`+jwkOf(t, rs1024.Public())+`}`, claims)
		bad["RSA with another exponent"] = handmade(t, rs2048, `{"alg":"RS256","typ":"dbsc+jwt","jwk":`+strings.Replace(jwkOf(t, rs2048.Public()), `"AQAB"`, `"Aw"`, 1)+`}`, claims)
		bad["RSA of 8192 bits"] = handmade(t, rs2048, `{"alg":"RS256","typ":"dbsc+jwt","jwk":{"kty":"RSA","e":"AQAB","n":"`+b64(append([]byte{0xff}, make([]byte, 1023)...))+`"}}`, claims)
		bad["P-384"] = handmade(t, p384, `{"alg":"ES256","typ":"dbsc+jwt","jwk":`+jwkOf(t, p384.Public())+`}`, claims)
		bad["RS256 with an EC key"] = handmade(t, key, `{"alg":"RS256","typ":"dbsc+jwt","jwk":`+own+`}`, claims)
		bad["a private key"] = es(jwkOf(t, key))
		bad["a symmetric key"] = es(`{"kty":"oct","k":"AAAA"}`)
		bad["a member of the key twice"] = es(strings.Replace(own, `"kty":"EC"`, `"kty":"EC","kty":"EC"`, 1))
		bad["a member of the key in a list"] = es(strings.Replace(own, `"EC"`, `["EC"]`, 1))
		bad["operations of the key"] = es(strings.Replace(own, `"kty":"EC"`, `"kty":"EC","key_ops":["verify"]`, 1))
		bad["a point elsewhere"] = es(`{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`)
		bad["the key as text"] = es(`"` + b64([]byte(own)) + `"`)
		bad["no key"] = handmade(t, key, `{"alg":"ES256","typ":"dbsc+jwt"}`, claims)
		bad["another's key"] = es(jwkOf(t, newKey(t).Public()))
	} else {
		bad["a key"] = handmade(t, key, `{"alg":"ES256","typ":"dbsc+jwt","jwk":`+jwkOf(t, key.Public())+`}`, claims)
	}
	delete(bad, "the other kind of proof")
	return bad
}

// TestHostileRegistration: none of the bad proofs registers, and none uses up the offer.
func TestHostileRegistration(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s)
	b.login()
	for name, bad := range badProofs(t, b.key, b.challenge, true) {
		resp := b.post(b.path, "Secure-Session-Response", `"`+bad+`"`)
		if resp.StatusCode < 400 || resp.StatusCode >= 500 || len(resp.Cookies()) > 0 {
			t.Errorf("%s: status %d, %d cookies", name, resp.StatusCode, len(resp.Cookies()))
		}
	}
	good := b.proof(b.challenge, true)
	twice := b.post(b.path, "Secure-Session-Response", good, "Secure-Session-Response", good)
	wantRefused(t, "two headers", twice)
	wantRefused(t, "no header", b.post(b.path))
	wantRefused(t, "a challenge of mine", b.post(b.path, "Secure-Session-Response", b.proof("AAAAAAAAAAAAAAAAAAAAAA", true)))
	other := newBrowser(s)
	other.login()
	wantRefused(t, "the challenge of another session", b.post(b.path, "Secure-Session-Response", b.proof(other.challenge, true)))
	wantRefused(t, "without the session's cookie", newBrowser(s).post(b.path, "Secure-Session-Response", good))
	if resp := b.post(b.path, "Secure-Session-Response", `"`+good+`";x="y"`); resp.StatusCode != http.StatusOK {
		t.Errorf("a good one afterwards, as a string: status %d", resp.StatusCode)
	}
	wantRefused(t, "a replay", b.post(b.path, "Secure-Session-Response", good))
	wantRefused(t, "the challenge that is none", b.post(b.path, "Secure-Session-Response", newBrowser(s).proof("AAAAAAAAAAAAAAAAAAAAAA", true)))
	b.wantUser("at the end", "anna")
}

func wantRefused(t *testing.T, what string, resp *http.Response) {
	t.Helper()
	if resp.StatusCode < 400 || resp.StatusCode >= 500 || len(resp.Cookies()) > 0 {
		t.Errorf("%s: status %d, %d cookies", what, resp.StatusCode, len(resp.Cookies()))
	}
}

// TestHostileRefresh: none of the bad proofs gets a bound cookie, none ends the session, and
// none uses up the challenge.
func TestHostileRefresh(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s).bound()
	challenge := b.ask()
	for name, bad := range badProofs(t, b.key, challenge, false) {
		resp := b.refresh(`"` + bad + `"`)
		if resp.StatusCode < 400 || resp.StatusCode >= 500 || len(resp.Cookies()) > 0 {
			t.Errorf("%s: status %d, %d cookies", name, resp.StatusCode, len(resp.Cookies()))
		}
	}
	good := b.proof(challenge, false)
	id := `"` + b.known.ID + `"`
	at := b.known.RefreshURL
	wantRefused(t, "two proofs", b.post(at, "Sec-Secure-Session-Id", id, "Secure-Session-Response", good, "Secure-Session-Response", good))
	wantRefused(t, "two identifiers", b.post(at, "Sec-Secure-Session-Id", id, "Sec-Secure-Session-Id", id, "Secure-Session-Response", good))
	wantRefused(t, "no identifier", b.post(at, "Secure-Session-Response", good))
	for _, bad := range []string{`""`, "a, b", `"a`, "é", `"é"`, "\"a\x01\"", `"a\b"`, id + `;X="y"`, `"` + strings.Repeat("a", 16<<10) + `"`, id + ";x=1", "(" + id + ")"} {
		wantRefused(t, "the identifier "+bad[:min(len(bad), 20)], b.post(at, "Sec-Secure-Session-Id", bad, "Secure-Session-Response", good))
	}
	for name, r := range map[string]*http.Request{
		"GET":                           httptest.NewRequest(http.MethodGet, origin+at, http.NoBody),
		"OPTIONS":                       httptest.NewRequest(http.MethodOptions, origin+at, http.NoBody),
		"a long body":                   httptest.NewRequest(http.MethodPost, origin+at, strings.NewReader(strings.Repeat("x", 16<<10+1))),
		"a long body of unknown length": httptest.NewRequest(http.MethodPost, origin+at, struct{ *strings.Reader }{strings.NewReader(strings.Repeat("x", 17<<10))}),
	} {
		r.Header.Set("Sec-Secure-Session-Id", id)
		r.Header.Set("Secure-Session-Response", good)
		resp := b.Do(s.handler, r)
		wantRefused(t, name, resp)
		for h := range resp.Header {
			if strings.HasPrefix(h, "Access-Control-") {
				t.Errorf("%s: %s", name, h)
			}
		}
	}
	b.wantFresh("a good one afterwards, plain", b.post(at, "Sec-Secure-Session-Id", b.known.ID, "Secure-Session-Response", good))
	b.wantUser("at the end", "anna")
}

// TestAnotherKey: a good challenge, the session's cookie and another key end the session for
// everybody. Without the cookie, or with a challenge that is not good, nothing ends.
func TestAnotherKey(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s).bound()
	thief := b.thief()
	challenge := thief.ask()
	forged := thief.proof(challenge, false)
	thief.wantChallenge("a challenge that was never given", thief.refresh(thief.proof("AAAAAAAAAAAAAAAAAAAAAA", false)))
	b.wantUser("after a challenge of the thief's own", "anna")
	without := b.thief()
	without.Forget()
	without.wantEnded("another key, without cookies", without.refresh(forged))
	b.wantUser("after another key without cookies", "anna")
	other := newBrowser(s).bound()
	otherID := other.known.ID
	other.known.ID = b.known.ID
	other.wantEnded("another key, with the cookie of another session", other.refresh(forged))
	other.known.ID = otherID
	other.wantUser("the other session", "anna")
	b.wantUser("after another key with another cookie", "anna")

	thief.wantEnded("another key", thief.refresh(forged))
	b.wantUser("the browser, after another key", "")
	if s.store.count() != 1 { // that of the other session
		t.Errorf("%d records", s.store.count())
	}
	if !strings.Contains(s.log.String(), "signed by another key") {
		t.Errorf("the log: %s", s.log)
	}
	for _, secret := range []string{challenge, forged, b.known.ID, thief.Cookie("session"), thief.Cookie(boundName)} {
		if strings.Contains(s.log.String(), secret) {
			t.Error("the log has a challenge, a proof, an identifier or a cookie")
		}
	}
	b.wantEnded("the browser's refresh", b.refresh(""))
}

// TestAnotherAlgorithm: a proof by RSA for a session with an EC key is one of another key.
func TestAnotherAlgorithm(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s).bound()
	thief := b.thief()
	thief.key, thief.alg = rsaKey(t, 2048), jose.RS256
	thief.wantEnded("RS256 for an EC key", thief.refresh(thief.proof(thief.ask(), false)))
	b.wantUser("afterwards", "")
}

// TestReplay: a proof is good once. Sent again it is answered with a challenge and ends
// nothing.
func TestReplay(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s).bound()
	first := b.ask()
	if again := b.ask(); again != first {
		t.Error("an unused challenge is not handed out again")
	}
	used := b.proof(first, false)
	b.wantFresh("a proof", b.refresh(used))
	second := b.wantChallenge("a replay", b.refresh(used))
	b.wantChallenge("another proof of a used challenge", b.refresh(b.proof(first, false)))
	thief := b.thief()
	thief.wantChallenge("a replay by a thief", thief.refresh(used))
	if second == first {
		t.Error("a used challenge is handed out again")
	}
	b.wantFresh("the next proof", b.refresh(b.proof(second, false)))
	for _, old := range []string{used, b.proof(first, false), b.proof(second, false)} {
		b.wantChallenge("a replay of an earlier one", b.refresh(old))
	}
	b.wantUser("at the end", "anna")
}

// TestChallengeLife: a challenge is good for five minutes, and the one before the last once
// more when it was not used.
func TestChallengeLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{Refresh: time.Hour})
		b := newBrowser(s)
		b.login()
		late := newBrowser(s)
		late.login()
		pass(5*time.Minute - time.Millisecond)
		if resp := b.register(); resp.StatusCode != http.StatusOK {
			t.Fatalf("a registration in time: status %d", resp.StatusCode)
		}
		pass(time.Millisecond)
		wantRefused(t, "a registration after five minutes", late.register())

		b.login()
		b.bound()
		first := b.ask()
		pass(5*time.Minute - time.Millisecond)
		if b.ask() != first {
			t.Error("a challenge that is good is not handed out again")
		}
		pass(time.Millisecond)
		second := b.wantChallenge("a challenge of five minutes", b.refresh(b.proof(first, false)))
		if second == first {
			t.Error("an old challenge is handed out again")
		}
		b.wantFresh("the one before the last", b.refresh(b.proof(first, false)))
		b.wantChallenge("the one before the last, again", b.refresh(b.proof(first, false)))
		b.wantFresh("the last", b.refresh(b.proof(second, false)))
		third := b.ask()
		pass(5 * time.Minute)
		b.ask()
		pass(time.Minute)
		b.wantChallenge("the one before the last, a minute later", b.refresh(b.proof(third, false)))
	})
}

// TestAtOnce: of registrations at once one succeeds, and of a thousand refreshes with one
// challenge too. Those that lose get a challenge, all the same one.
func TestAtOnce(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s)
	b.login()
	var mu sync.Mutex
	codes, challenges := map[int]int{}, map[string]bool{}
	atOnce := func(n int, send func(i int) *http.Response) {
		clear(codes)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				resp := send(i)
				mu.Lock()
				defer mu.Unlock()
				codes[resp.StatusCode]++
				if c := resp.Header.Get("Secure-Session-Challenge"); c != "" {
					challenges[c] = true
				}
			})
		}
		wg.Wait()
	}
	var keys [8]*browser
	for i := range keys {
		keys[i] = b.thief()
	}
	atOnce(len(keys), func(i int) *http.Response { return keys[i].register() })
	if codes[http.StatusOK] != 1 || codes[http.StatusForbidden] != len(keys)-1 {
		t.Errorf("registrations at once: %v", codes)
	}

	b = newBrowser(s).bound()
	proof := b.proof(b.ask(), false)
	atOnce(1000, func(int) *http.Response { return b.refresh(proof) })
	if codes[http.StatusOK] != 1 || codes[http.StatusForbidden] != 999 || len(challenges) != 1 {
		t.Errorf("refreshes at once: %v, %d challenges", codes, len(challenges))
	}
	b.refreshed()
	b.wantUser("afterwards", "anna")
	if s.store.count() != 2 {
		t.Errorf("%d records", s.store.count())
	}
}

// TestDown: while the store is down the browser is told to try again, and nothing ends.
func TestDown(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s)
	b.login()
	down := fmt.Errorf("the store is down")
	s.store.fail(down)
	if resp := b.register(); resp.StatusCode != http.StatusServiceUnavailable || len(resp.Cookies()) > 0 {
		t.Errorf("a registration: status %d", resp.StatusCode)
	}
	s.store.fail(nil)
	b.login()
	b.bound()
	proof := b.proof(b.ask(), false)
	s.store.fail(down)
	for what, p := range map[string]string{"a refresh": "", "a proof": proof, "another's proof": b.thief().proof(b.challenge, false)} {
		if resp := b.refresh(p); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || len(resp.Cookies()) > 0 {
			t.Errorf("%s: status %d", what, resp.StatusCode)
		}
	}
	s.store.fail(nil)
	b.wantFresh("the proof, afterwards", b.refresh(proof))
	b.wantUser("afterwards", "anna")
}

// TestRegistrationWithoutCookies: a browser that leaves out the session's cookie, because
// another site has begun the navigation to the login, registers by the challenge. A script
// cannot, and the reference alone is of no use.
func TestRegistrationWithoutCookies(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b, other := newBrowser(s), newBrowser(s)
	b.login()
	other.login()
	without := b.thief()
	without.Forget()
	send := func(challenge, site, mode string) *http.Response {
		return without.post(b.path, "Secure-Session-Response", without.proof(challenge, true), "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode)
	}
	nonce, ref, _ := strings.Cut(b.challenge, ".")
	_, otherRef, _ := strings.Cut(other.challenge, ".")
	wantRefused(t, "no browser", send(b.challenge, "", ""))
	wantRefused(t, "a script", send(b.challenge, "same-origin", "cors"))
	wantRefused(t, "another site", send(b.challenge, "cross-site", "no-cors"))
	for _, bad := range []string{nonce, nonce + ".", nonce + "." + otherRef, "AAAAAAAAAAAAAAAAAAAAAA." + ref, nonce + "." + strings.ToUpper(ref), nonce + "." + ref + "0", nonce + ".u:" + ref[:40]} {
		wantRefused(t, "the challenge "+bad, send(bad, "same-origin", "no-cors"))
	}
	if strings.Contains(b.challenge, b.Cookie("session")) || strings.Contains(b.Cookie("session"), ref) {
		t.Error("the reference and the cookie hold each other")
	}
	resp := send(b.challenge, "same-origin", "no-cors")
	if resp.StatusCode != http.StatusOK || !setsCookie(resp, boundName) {
		t.Errorf("a browser: status %d", resp.StatusCode)
	}
	wantRefused(t, "a replay", send(b.challenge, "same-origin", "no-cors"))
	other.wantUser("the other session", "anna")
}
