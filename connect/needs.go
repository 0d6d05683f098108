package connect

// Needs says what sessions ask of their server, so that a connector can find out
// at start-up whether the server does it and the user may. The zero value is what
// sessions need by default.
type Needs struct {
	// Prefix is the front of the sessions' keys, under which the connector writes
	// a key of its own for a moment. The default, "", tries session:, and says
	// nothing when the user may not use such keys.
	Prefix string
	// NoTTL says that records have no time to live in Redis.
	NoTTL bool
	// NeverExpire says that sessions do not time out.
	NeverExpire bool
	// ReadTTL says that a load reads the remaining time to live.
	ReadTTL bool
	// RestartTTL says that a time to live is set beside a load or a save, as
	// TouchAfter and AbsoluteTimeout of session.Options make it.
	RestartTTL bool
	// Users says that sessions are kept by user, in sorted sets: session.UserIndex.
	Users bool
}
