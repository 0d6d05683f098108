package userset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/pyramidgo/redissessions/session/internal/record"
)

// loginDigits is the part of a handle that is the same for all entries of one login.
const loginDigits = 16

// Handle names an entry: by its time of login, which a renewal keeps, and by the member.
func Handle(user record.UserHash, member []byte, login time.Time) string {
	front := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte("redissessions.login\x00"), user[:]...), uint64(login.UnixMilli())))
	back := sha256.Sum256(append([]byte("redissessions.member\x00"), member...))
	return hex.EncodeToString(front[:loginDigits/2]) + hex.EncodeToString(back[:16])
}

// SameLogin reports whether two handles are of one login: the session of one was renewed and
// has the other now.
func SameLogin(a, b string) bool {
	return len(a) == len(b) && len(a) > loginDigits && a[:loginDigits] == b[:loginDigits]
}

// Named returns the member of a user's set that a handle names. Where none has it as it is,
// the session may have been renewed: one member with the same time of login is the same
// session's.
func Named(format record.Format, user record.UserHash, members [][]byte, handle string) (at record.Address, member []byte, login time.Time, ok bool) {
	matches := 0
	for _, m := range members {
		a, t, valid := format.OfMember(m)
		if !valid {
			continue
		}
		switch h := Handle(user, m, t); {
		case h == handle:
			return a, m, t, true
		case SameLogin(h, handle):
			at, member, login = a, m, t
			matches++
		}
	}
	return at, member, login, matches == 1
}
