package session_test

import (
	"encoding/json"

	"github.com/pyramidgo/redissessions/encode"
)

// standardJSON is the codec that most applications would register themselves.
var standardJSON = encode.Codec{Encode: json.Marshal, Decode: json.Unmarshal}
