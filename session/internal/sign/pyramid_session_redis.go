package sign

// pyramidSessionRedisSalt stands before the secret in pyramid_session_redis, for every cookie
// name: two of its factories with one secret take each other's cookies.
const pyramidSessionRedisSalt = "pyramid_session_redis."

// PyramidSessionRedis returns the signer of pyramid_session_redis, which is that of
// the native format with another salt. It takes the cookie's name only to be like native.
func PyramidSessionRedis(_, secret string, previous []string) Signer {
	return newHMACSigner(pyramidSessionRedisSalt, secret, previous)
}
