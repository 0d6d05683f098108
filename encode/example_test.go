package encode_test

import (
	"fmt"
	"log"

	"github.com/pyramidgo/redissessions/encode"
)

func ExampleCodec() {
	data, err := encode.JSON.Encode(map[string]any{"visits": 3, "score": 2.0})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", data)

	var dict map[string]any
	if err := encode.JSON.Decode(data, &dict); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%T %T\n", dict["visits"], dict["score"])
	// Output:
	// {"score":2.0,"visits":3}
	// int64 float64
}

func ExampleCodec_typed() {
	type user struct {
		ID    int      `json:"id"`
		Roles []string `json:"roles"`
	}
	data, err := encode.CBOR.Encode(user{ID: 42, Roles: []string{"admin"}})
	if err != nil {
		log.Fatal(err)
	}
	var back user
	if err := encode.CBOR.Decode(data, &back); err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.ID, back.Roles)
	// Output: 42 [admin]
}

func ExampleCodec_errors() {
	_, err := encode.CBOR.Encode(map[string]any{"user": map[string]any{"onLogin": func() {}}})
	fmt.Println(err)
	// Output: encode: cbor: encoding: user.onLogin: a func() cannot be stored
}

func ExampleSealed() {
	oldKey, newKey := testKey(1), testKey(2) // in earnest: 32 bytes of crypto/rand, from the settings
	before, err := encode.Sealed(encode.JSON, oldKey)
	if err != nil {
		log.Fatal(err)
	}
	record, err := before.Encode(map[string]any{"user": "ada"})
	if err != nil {
		log.Fatal(err)
	}

	// The new key goes to the front. What the old one sealed still opens.
	now, err := encode.Sealed(encode.JSON, newKey, oldKey)
	if err != nil {
		log.Fatal(err)
	}
	var dict map[string]any
	if err := now.Decode(record, &dict); err != nil {
		log.Fatal(err)
	}
	fmt.Println(dict["user"])

	record[len(record)-1] ^= 1
	fmt.Println(now.Decode(record, &dict))
	// Output:
	// ada
	// encode: sealed data cannot be opened: it is damaged, or none of the keys made it
}
