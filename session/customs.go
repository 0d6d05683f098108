package session

// customs are what the sessions of one kind of application have in common
// beside their records.
type customs struct {
	// newSigner makes the signer of the cookie from the secrets.
	newSigner func(cookieName, secret string, previous []string) Signer
	// newID makes a session ID, to which the Pyramid formats add the prefix.
	newID func() (string, error)
	// tokenBytes is the entropy of a CSRF token; it is written as hex digits.
	tokenBytes int
	// lastCookie: of several cookies of one name the last is tried first, as
	// WebOb takes it; otherwise the first, which is the one with the longest
	// path (RFC 6265, section 5.4).
	lastCookie bool
}

func customsOf(f Format) customs {
	switch f {
	case FormatPyramidRedisSessions:
		return customs{newSigner: newOriginalSigner, newID: originalID, tokenBytes: 20, lastCookie: true}
	case FormatPyramidSessionRedis:
		return customs{newSigner: newForkSigner, newID: forkID, tokenBytes: 32, lastCookie: true}
	}
	return customs{newSigner: newNativeSigner, newID: randomID, tokenBytes: tokenBytes}
}

// idMaker returns what makes the IDs of a factory with these options.
func (c customs) idMaker(o *Options) func() (string, error) {
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
