package pickle_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/pyramidgo/redissessions/encode/pickle"
)

// What Python made with
//
//	pickle.dumps({"user": "ada", "seen": (3, Decimal("1.50")), "on": date(2024, 2, 29)})
func ExampleUnmarshal() {
	data := []byte("\x80\x04}(\x8c\x04user\x8c\x03ada\x8c\x04seenK\x03" +
		"\x8c\x07decimal\x8c\x07Decimal\x93\x8c\x041.50\x85R\x86" +
		"\x8c\x02on\x8c\x08datetime\x8c\x04date\x93C\x04\x07\xe8\x02\x1d\x85Ru.")

	var session map[string]any
	if err := pickle.Unmarshal(data, &session); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v %T%v %v\n", session["user"], session["seen"], session["seen"], session["on"])

	var typed struct {
		User string `json:"user"`
	}
	if err := pickle.Unmarshal(data, &typed); err != nil {
		log.Fatal(err)
	}
	fmt.Println(typed.User)
	// Output:
	// ada pickle.Tuple[3 1.50] 2024-02-29
	// ada
}

// A pickle that would run a command in Python is an error here.
func ExampleClassError() {
	var session map[string]any
	err := pickle.Unmarshal([]byte("cos\nsystem\n(Vrm -rf /\ntR."), &session)

	var class *pickle.ClassError
	if errors.As(err, &class) {
		fmt.Println(class.Class)
	}
	// Output: os.system
}

func ExampleMarshal() {
	data, err := pickle.Marshal(map[string]any{"cart": pickle.Tuple{"A-1", 2}, "total": pickle.Decimal("9.90")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", data)
	// Output: "\x80\x04\x95?\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x04cart\x94\x8c\x03A-1\x94K\x02\x86\x94\x8c\x05total\x94\x8c\adecimal\x94\x8c\aDecimal\x94\x93\x94\x8c\x049.90\x94\x85\x94R\x94u."
}

// An older Python reads protocol 2.
func ExampleEncoder() {
	python2 := pickle.Encoder{Protocol: 2}
	data, err := python2.Marshal([]any{"é", nil})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", data)
	// Output: "\x80\x02]q\x00(X\x02\x00\x00\x00éq\x01Ne."
}

func ExampleParseString() {
	id, err := pickle.ParseString(pickle.AppendString(nil, "0123456789abcdef"))
	fmt.Println(id, err)
	// Output: 0123456789abcdef <nil>
}
