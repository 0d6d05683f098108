package pickle

import "github.com/pyramidgo/redissessions/encode"

// Codec is [Marshal] and [Unmarshal], the codec that a settings file calls
// pickle, or pickle.dumps and pickle.loads.
var Codec = encode.Codec{Encode: Marshal, Decode: Unmarshal}
