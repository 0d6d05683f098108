// Package inspect reads an application's sessions without a request: what a record holds
// beside the visitor's data, and whether a cookie names one. It also ends, indexes and
// converts them. cmd/redissessions uses it.
//
// It is for tools of an operator, who has the settings and the server. A program that
// serves requests uses package session. What it returns names a session by a handle, of
// which no cookie can be made, and never by its ID.
package inspect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/sign"
)

// Inspector reads and writes the records of one application's sessions. It is safe for concurrent
// use, and prints without its secrets.
type Inspector struct {
	o       session.Options // without secrets and keys
	format  record.Format
	signers []session.Signer // the first signs, all verify
	binding session.Binding  // nil unless the sessions are bound to their browser
	foreign []foreignSigner
}

// foreignSigner is that of another format, with the same secret.
type foreignSigner struct {
	format session.Format
	session.Signer
}

// New returns an Inspector for sessions that a factory with these options makes. The
// errors are about the encryption keys and DeviceBound; session.NewFactory has those of the other options.
func New(o *session.Options) (*Inspector, error) {
	i := &Inspector{o: *o}
	i.o.Secret, i.o.PreviousSecrets, i.o.EncryptionKeys, i.o.EncryptionKeysPrevious = "", nil, nil, nil
	if i.o.IdleTimeout == 0 {
		i.o.IdleTimeout = session.DefaultIdleTimeout
	}
	i.o.IdleTimeout = max(i.o.IdleTimeout, 0) // 0 is never
	if i.o.Format == session.FormatNative {
		i.o.Prefix = cmp.Or(i.o.Prefix, session.DefaultPrefix)
	}
	i.o.Cookie.Name = cmp.Or(i.o.Cookie.Name, session.DefaultCookieName)
	i.o.MaxRecordBytes = cmp.Or(max(i.o.MaxRecordBytes, 0), session.DefaultMaxRecordBytes)
	var sealers [2]*encode.Sealer
	for n, keys := range []session.Keys{o.EncryptionKeys, o.EncryptionKeysPrevious} {
		var err error
		if len(keys) == 0 || o.Format != session.FormatNative {
			continue
		}
		if sealers[n], err = encode.NewSealer(keys...); err != nil {
			return nil, fmt.Errorf("inspect: the encryption keys: %w", err)
		}
	}
	i.format = formats[o.Format](record.Config{
		Prefix: i.o.Prefix, Codec: o.Codec, CodecName: o.CodecName, Decoders: o.Decoders,
		Sealer: sealers[0], Previous: sealers[1], AcceptPlain: o.AcceptPlain,
		Timeout: i.o.IdleTimeout, Expires: o.PythonExpires, MaxBytes: i.o.MaxRecordBytes,
	})
	i.o.IdleTimeout = i.format.Idle(i.o.IdleTimeout)
	if o.DeviceBound != nil {
		var err error
		if i.binding, err = o.DeviceBound.Bind(session.BindTo{
			Cookie:    i.o.Cookie,
			NewSigner: func(name string) session.Signer { return signerOf(o, name) },
			Now:       time.Now,
		}); err != nil {
			return nil, fmt.Errorf("inspect: DeviceBound: %w", err)
		}
	}
	if o.Signer != nil {
		i.signers = []session.Signer{o.Signer}
		return i, nil
	}
	for _, secret := range append([]string{o.Secret}, o.PreviousSecrets...) {
		if secret == "" {
			continue
		}
		i.signers = append(i.signers, signers[o.Format](i.o.Cookie.Name, secret, nil))
		for format, newSigner := range signers {
			if format != o.Format {
				i.foreign = append(i.foreign, foreignSigner{format, newSigner(i.o.Cookie.Name, secret, nil)})
			}
		}
	}
	return i, nil
}

// signerOf returns the signer for a cookie of that name.
func signerOf(o *session.Options, name string) session.Signer {
	if o.Signer != nil {
		return o.Signer
	}
	return signers[o.Format](name, o.Secret, o.PreviousSecrets)
}

// Format prints the inspector without its secrets, whatever the verb.
func (Inspector) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[session inspector]") }

var formats = map[session.Format]func(record.Config) record.Format{
	session.FormatNative:               record.NewNative,
	session.FormatPyramidRedisSessions: record.NewPyramidRedisSessions,
	session.FormatPyramidSessionRedis:  record.NewPyramidSessionRedis,
}

var signers = map[session.Format]func(cookieName, secret string, previous []string) sign.Signer{
	session.FormatNative:               sign.Native,
	session.FormatPyramidRedisSessions: sign.PyramidRedisSessions,
	session.FormatPyramidSessionRedis:  sign.PyramidSessionRedis,
}

// Prefix is the front of all keys of sessions, for session.KeyScanner; in the Pyramid
// formats it may be empty.
func (i *Inspector) Prefix() string { return i.o.Prefix }

// Front is how many bytes of a record Describe needs, negative for all of them.
func (i *Inspector) Front() int { return i.format.Front() }

// Handle names the session at a key: 64 hex digits. It is "" for a key that is not one of
// a session; in the Pyramid formats that is known only when the record is read. Natively
// the handle is in the key, which is a hash of the ID; in the Pyramid formats, whose keys
// are the IDs, it is a hash of the key.
func (i *Inspector) Handle(key string) string {
	at, ok := i.format.AtKey(key)
	if !ok {
		return ""
	}
	if i.o.Format == session.FormatNative {
		return at.Key[len(i.o.Prefix):]
	}
	sum := sha256.Sum256([]byte("redissessions.handle\x00" + key))
	return hex.EncodeToString(sum[:])
}

// Key is the key of a handle. In the Pyramid formats it is "": the handles of all keys
// have to be looked at there.
func (i *Inspector) Key(handle string) string {
	if i.o.Format != session.FormatNative {
		return ""
	}
	if _, ok := i.format.AtKey(i.o.Prefix + handle); !ok {
		return ""
	}
	return i.o.Prefix + handle
}

// ErrCookie is returned by Cookie for a value that no secret has signed.
var ErrCookie = errors.New("inspect: the cookie's signature does not verify")

// ForeignCookie is returned by Cookie, with ErrCookie inside, for a value that the
// application's secret has signed for another format.
type ForeignCookie struct{ Format session.Format }

// Error names the format.
func (e *ForeignCookie) Error() string {
	return fmt.Sprintf("inspect: the cookie is one of the format %s", e.Format)
}

// Unwrap returns ErrCookie.
func (*ForeignCookie) Unwrap() error { return ErrCookie }

// Cookie returns the key of the session that a cookie's value names, and which secret has
// signed it: 0 is the present one, 1 the first of the previous ones. The error never holds
// the value.
func (i *Inspector) Cookie(value string) (key string, secret int, err error) {
	for n, s := range i.signers {
		if id, err := s.Verify(value); err == nil {
			return i.format.Address(id).Key, n, nil
		}
	}
	for _, f := range i.foreign {
		if _, err := f.Verify(value); err == nil {
			return "", 0, &ForeignCookie{f.format}
		}
	}
	return "", 0, ErrCookie
}

// Secrets is how many secrets verify a cookie.
func (i *Inspector) Secrets() int { return len(i.signers) }

// UserKey is the key of the set of a user's sessions.
func (i *Inspector) UserKey(user string) string {
	return i.setKey(record.HashUser(i.o.Cookie.Name, user))
}

func (i *Inspector) setKey(h record.UserHash) string {
	return record.IndexKey(cmp.Or(i.o.Prefix, session.DefaultPrefix), h)
}

// absoluteEnd is when a session ends however much it is used, zero for never.
func (i *Inspector) absoluteEnd(m record.Meta) time.Time {
	if i.o.AbsoluteTimeout <= 0 {
		return time.Time{}
	}
	return m.Began().Add(i.o.AbsoluteTimeout)
}
