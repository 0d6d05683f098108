package dbsc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// proofType is the type of a proof.
const proofType = "dbsc+jwt"

// algorithms are those that a browser may sign with. The draft's "none" is not among them.
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256}

// errBadProof is returned for a header that is not a well-formed proof.
var errBadProof = errors.New("dbsc: it is no proof")

func badProof(why string) error { return fmt.Errorf("%w: %s", errBadProof, why) }

// proof is a parsed Secure-Session-Response. Its signature has not been checked.
type proof struct {
	challenge string
	jws       *jose.JSONWebSignature
	key       string // of a registration, see keyText
}

// parseProof takes a proof apart: a compact JWS with the type dbsc+jwt, of ES256 or RS256. A
// registration brings the key, and a refresh must not.
func parseProof(text string, registration bool) (*proof, error) {
	parts := strings.SplitN(text, ".", 4)
	if len(parts) != 3 {
		return nil, badProof("it has not three parts")
	}
	header, err := membersOf(parts[0])
	if err != nil {
		return nil, err
	}
	for name, value := range header {
		if name != "jwk" && !isString(value) {
			return nil, badProof("a parameter of the header is no string")
		}
	}
	if stringIn(header, "typ") != proofType {
		return nil, badProof("its type is another")
	}
	jwk, hasKey := header["jwk"]
	if hasKey != registration {
		return nil, badProof("a key belongs into a registration, and only there")
	}
	claims, err := membersOf(parts[1])
	if err != nil {
		return nil, err
	}
	p := &proof{challenge: stringIn(claims, "jti")}
	if p.challenge == "" {
		return nil, badProof("the claim jti is no text")
	}
	if a, ok := claims["authorization"]; ok && !isString(a) {
		return nil, badProof("the claim authorization is no text")
	}
	if registration {
		if err := checkJWK(jwk); err != nil {
			return nil, err
		}
	}
	if p.jws, err = jose.ParseSignedCompact(text, algorithms); err != nil {
		return nil, badProof("it is no signature by ES256 or RS256")
	}
	if registration {
		given := p.jws.Signatures[0].Protected.JSONWebKey
		if given == nil {
			return nil, badProof("the key cannot be read")
		}
		if p.key, err = keyText(given.Key); err != nil {
			return nil, fmt.Errorf("%w: %w", errBadProof, err)
		}
	}
	return p, nil
}

// signedBy reports whether the key, as keyText returns it, has made the signature.
func (p *proof) signedBy(key string) bool {
	public, err := keyOf(key)
	if err != nil {
		return false
	}
	_, err = p.jws.Verify(public)
	return err == nil
}

// checkJWK refuses a key with a member twice, or with one that is no text.
func checkJWK(jwk json.RawMessage) error {
	members, err := objectOf(jwk)
	if err != nil {
		return err
	}
	for _, value := range members {
		if !isString(value) {
			return badProof("a member of the key is no string")
		}
	}
	return nil
}

var strictBase64 = base64.RawURLEncoding.Strict()

// membersOf decodes a part of a JWS that is a JSON object.
func membersOf(part string) (map[string]json.RawMessage, error) {
	// The decoder passes over line ends.
	raw, err := strictBase64.DecodeString(part)
	if err != nil || strictBase64.EncodedLen(len(raw)) != len(part) {
		return nil, badProof("a part is not base64url")
	}
	return objectOf(raw)
}

// objectOf returns the members of a JSON object. One that is there twice is refused: two
// readers might take different ones.
func objectOf(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badProof("a part is no JSON object")
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, badProof("a part is no JSON object")
		}
		if _, twice := members[name]; twice {
			return nil, badProof("a member is there twice")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, badProof("a part is no JSON object")
		}
		members[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, badProof("a part is no JSON object")
	}
	if d.More() || len(bytes.TrimSpace(raw[d.InputOffset():])) > 0 {
		return nil, badProof("something follows a JSON object")
	}
	return members, nil
}

func isString(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// stringIn returns a member that is a text, or "".
func stringIn(members map[string]json.RawMessage, name string) string {
	var text string
	if raw := members[name]; !isString(raw) || json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}
