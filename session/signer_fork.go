package session

// forkSalt stands before the secret in pyramid_session_redis, for every cookie
// name: two of its factories with one secret take each other's cookies.
const forkSalt = "pyramid_session_redis."

// newForkSigner returns the signature of pyramid_session_redis, which is that
// of the native format with another salt.
func newForkSigner(_, secret string, previous []string) Signer {
	return newHMACSigner(forkSalt, secret, previous)
}
