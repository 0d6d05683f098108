package respwriter

import "net/http"

// Kept is a ResponseWriter that keeps what is written, for a server without ResponseWriters.
type Kept struct {
	Fields http.Header
	code   int
	body   []byte
}

var _ http.ResponseWriter = (*Kept)(nil)

// Header returns Fields.
func (k *Kept) Header() http.Header { return k.Fields }

// WriteHeader keeps the first status that is not an interim one.
func (k *Kept) WriteHeader(code int) {
	if k.code == 0 && !Informational(code) {
		k.code = code
	}
}

// Write keeps a part of the body.
func (k *Kept) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	k.body = append(k.body, b...)
	return len(b), nil
}

// Answer returns the status and the body. It sets the Content-Type as net/http's server
// does.
func (k *Kept) Answer() (code int, body []byte) {
	k.WriteHeader(http.StatusOK)
	if len(k.body) > 0 && k.Fields.Get("Content-Type") == "" {
		k.Fields.Set("Content-Type", http.DetectContentType(k.body))
	}
	return k.code, k.body
}
