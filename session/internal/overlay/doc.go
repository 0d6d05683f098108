// Package overlay keeps what one request reads and changes of a session's data, on top
// of the stored data that it began with. When another request has saved the session
// meanwhile, the overlay is put on what is stored then: keys that the request set stay
// set, and edits run again on the stored values. It knows no store and no request.
package overlay
