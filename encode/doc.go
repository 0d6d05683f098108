// Package encode turns Go values into bytes and back: the codecs that a
// session's data is stored with.
//
// Most programs never call it. A settings file names a codec and the factory
// looks it up:
//
//	redis.sessions.encode = json
//	redis.sessions.decode = json
//
// Three codecs are built in. [CBOR] is compact, keeps every plain Go value and
// is the one to take when nothing else decides. [JSON] can be read by eye and
// by any other program. [MsgPack] is there for data shared with programs that
// speak it. [Sealed] wraps any codec in encryption, and a codec of your own is
// a [Codec] with two functions; package encodetest checks it.
//
// # What comes back
//
// What is stored is a session's dict, a map[string]any. Decoded into an *any
// or a *map[string]any, a value has one of these types, whatever its type was
// when it was encoded:
//
//	nil, bool, string
//	int64; uint64 (MsgPack) or *big.Int (CBOR, JSON) where that is too small
//	float64
//	[]byte       (CBOR, MsgPack; JSON has only the base64 text)
//	time.Time    (CBOR, MsgPack, in UTC; JSON has only the RFC 3339 text)
//	[]any
//	map[string]any, or map[any]any where a key is no string (CBOR, MsgPack)
//
// The *any and the *map[string]any are replaced, never merged into, and are
// left alone when there is an error. Decoded into a pointer to anything else
// (a struct, a slice of structs, a map[string]int), a value takes that type
// exactly, or there is an error: 300 is no int8, nil no int, a number no time and
// no text, and only JSON, which has no bytes and no times, takes text for them.
// Struct fields go by their cbor or msgpack tag, and by their json tag where they
// have none.
//
// A struct that would be stored as an empty map although it has fields
// (errors.New, *atomic.Int64, *url.Userinfo) is refused when it is encoded. A type
// with a method that the codec calls is stored by that method: in CBOR
// MarshalCBOR and MarshalBinary, in JSON MarshalJSON and MarshalText, in
// MessagePack EncodeMsgpack, MarshalMsgpack, MarshalBinary and MarshalText.
//
// # Limits
//
// Stored bytes are not trusted. A decoder allocates no more than a small
// multiple of the bytes it was given, whatever lengths they claim, refuses
// nesting deeper than [MaxDepth], more than [MaxElements] values altogether
// and anything after the value, and never panics. The encoders keep the same
// limits, so that what was encoded can be decoded; a cyclic value is an error.
package encode
