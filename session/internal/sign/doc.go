// Package sign makes session IDs and the cookie values that authenticate them: an
// HMAC-SHA512 for the native format, and the signatures of the two Pyramid packages.
// It knows no request, cookie attribute or store.
package sign
