// Package userset has the rules for the set of a user's sessions, or of a label's: which of
// its entries are those of live sessions, which are dead, which a login counts for the cap,
// and how a form names one. It reads no record and calls no store: session does, and says
// what it has found.
//
// An entry of a set is a member (record.Format.Member), which holds the address of the
// session's record and the time of its login.
package userset
