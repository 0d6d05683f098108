package main

import (
	"os"

	"github.com/pyramidgo/redissessions/encode"
)

// encrypted writes JSON and then encrypts it; what it reads it decrypts first.
var encrypted = mustSeal(os.Getenv("MY_APP_KEY"))

func mustSeal(key string) encode.Codec {
	if key == "" {
		key = "for development: 32 bytes of key" // a real one comes from the environment
	}
	codec, err := encode.Sealed(encode.JSON, []byte(key))
	if err != nil {
		panic(err)
	}
	return codec
}
