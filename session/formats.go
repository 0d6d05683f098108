package session

import (
	"errors"
	"fmt"
	"maps"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session/internal/record"
	"github.com/pyramidgo/redissessions/session/internal/sign"
)

// Format says whose sessions a Factory's are: its cookie, its Redis key and its
// record.
type Format int

const (
	// FormatNative is for sessions that only Go reads and writes. It is the
	// default.
	FormatNative Format = iota
	// FormatPyramidRedisSessions shares sessions with a Pyramid application
	// that uses pyramid_redis_sessions.
	FormatPyramidRedisSessions
	// FormatPyramidSessionRedis shares sessions with a Pyramid application
	// that uses pyramid_session_redis.
	FormatPyramidSessionRedis
)

// String returns the format's name in the settings.
func (f Format) String() string {
	switch f {
	case FormatNative:
		return "native"
	case FormatPyramidRedisSessions:
		return "pyramid_redis_sessions"
	case FormatPyramidSessionRedis:
		return "pyramid_session_redis"
	}
	return fmt.Sprintf("Format(%d)", int(f))
}

// formatRules is what the sessions of one kind of application have in common.
type formatRules struct {
	// newFormat returns how their records are read and written.
	newFormat func(record.Config) record.Format
	// newSigner makes the signer of the cookie from the secrets.
	newSigner func(cookieName, secret string, previous []string) sign.Signer
	// newID makes a session ID, to which the Pyramid formats add the prefix.
	newID func() (string, error)
	// tokenBytes is the entropy of a CSRF token; it is written as hex digits.
	tokenBytes int
	// lastCookie: of several cookies of one name the last is tried first, as
	// WebOb takes it; otherwise the first, which is the one with the longest
	// path (RFC 6265, section 5.4).
	lastCookie bool
	// check returns what this format makes of options that another would accept.
	check func(*Options) []error
}

// rulesByFormat is the table of formats, by Format.
var rulesByFormat = []formatRules{
	FormatNative: {
		newFormat: record.NewNative, newSigner: sign.Native, newID: sign.NewID, tokenBytes: 32,
		check: func(*Options) []error { return nil },
	},
	FormatPyramidRedisSessions: {
		newFormat: record.NewPyramidRedisSessions, newSigner: sign.PyramidRedisSessions, newID: sign.PyramidRedisSessionsID, tokenBytes: 20, lastCookie: true,
		check: checkPyramidRedisSessions,
	},
	FormatPyramidSessionRedis: {
		newFormat: record.NewPyramidSessionRedis, newSigner: sign.PyramidSessionRedis, newID: sign.PyramidSessionRedisID, tokenBytes: 32, lastCookie: true,
		check: checkPyramidSessionRedis,
	},
}

// rules returns a format's row, the native one for a Format that there is not.
func (f Format) rules() *formatRules {
	if f < 0 || int(f) >= len(rulesByFormat) {
		f = FormatNative
	}
	return &rulesByFormat[f]
}

// checkFormat returns every option that is set and cannot be used with the format.
func checkFormat(o *Options) error {
	if o.Format < 0 || int(o.Format) >= len(rulesByFormat) {
		return optionError("Format", "there is no %s", o.Format)
	}
	errs := o.Format.rules().check(o)
	if o.PythonExpires && o.Format != FormatPyramidSessionRedis {
		errs = append(errs, optionError("PythonExpires", "only the format %s has room for it", FormatPyramidSessionRedis))
	}
	if (o.Codec.Encode == nil) != (o.Codec.Decode == nil) {
		errs = append(errs, optionError("Codec", "it needs both Encode and Decode"))
	}
	if len(o.CodecName) > record.MaxCodecName {
		errs = append(errs, optionError("CodecName", "it has %d bytes; at most %d have room in a record", len(o.CodecName), record.MaxCodecName))
	}
	return errors.Join(errs...)
}

func checkPyramidRedisSessions(o *Options) []error {
	errs := checkPyramid(o)
	if o.IdleTimeout == 0 {
		errs = append(errs, optionError("IdleTimeout", "pyramid_redis_sessions has no sessions without a timeout: its EXPIRE with 0 deletes them at once; set one"))
	}
	if o.ExpiryInRecord {
		errs = append(errs, optionError("ExpiryInRecord", "pyramid_redis_sessions always gives its records a time to live, and has no other place for it"))
	}
	return errs
}

func checkPyramidSessionRedis(o *Options) []error {
	errs := checkPyramid(o)
	if o.ExpiryInRecord && !o.PythonExpires && o.IdleTimeout > 0 {
		errs = append(errs, optionError("ExpiryInRecord", "it keeps the timeout in the record, and without PythonExpires it is not there either: no session would ever time out; set PythonExpires, or no IdleTimeout"))
	}
	return errs
}

func checkPyramid(o *Options) (errs []error) {
	wrong := func(option, why string) {
		errs = append(errs, optionError(option, "in the format %s %s", o.Format, why))
	}
	const noEncryption = "there is no encryption: the Python application could not read the records"
	if len(o.EncryptionKeys) > 0 {
		wrong("EncryptionKeys", noEncryption)
	}
	if len(o.EncryptionKeysPrevious) > 0 {
		wrong("EncryptionKeysPrevious", noEncryption)
	}
	if o.AcceptPlain {
		wrong("AcceptPlain", noEncryption)
	}
	if o.Prefix != "" && o.NewID != nil {
		wrong("Prefix", "it is part of the ID, which NewID makes: set one of them")
	}
	return errs
}

// newFormat checks the options, with the defaults filled in, and returns their format.
func newFormat(o *Options) (record.Format, error) {
	err := checkFormat(o)
	var sealers [2]*encode.Sealer
	for i, field := range []string{"EncryptionKeys", "EncryptionKeysPrevious"} {
		keys := []Keys{o.EncryptionKeys, o.EncryptionKeysPrevious}[i]
		if len(keys) == 0 || o.Format != FormatNative {
			continue
		}
		var bad error
		if sealers[i], bad = encode.NewSealer(keys...); bad != nil {
			err = errors.Join(err, optionError(field, "%w", bad))
		}
	}
	if err != nil {
		return nil, err
	}
	return o.Format.rules().newFormat(record.Config{
		Prefix: o.Prefix, Codec: o.Codec, CodecName: o.CodecName, Decoders: maps.Clone(o.Decoders),
		Sealer: sealers[0], Previous: sealers[1], AcceptPlain: o.AcceptPlain,
		Timeout: o.IdleTimeout, Expires: o.PythonExpires, MaxBytes: o.MaxRecordBytes,
	}), nil
}

// idMaker returns what makes the IDs of a factory with these options.
func (c *formatRules) idMaker(o *Options) func() (string, error) {
	if o.NewID != nil {
		return o.NewID
	}
	if o.Format == FormatNative || o.Prefix == "" {
		return c.newID
	}
	return func() (string, error) {
		id, err := c.newID()
		return o.Prefix + id, err
	}
}
