package encode

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits bounds an integer's text: reading it takes time that grows with
// the square of its length. Python has had the same bound since 3.11.
const maxDigits = 4300

// number reads a JSON number as Python does: without a point and an exponent
// it is an integer, otherwise a float.
func number(s string) (any, error) {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, fmt.Errorf("a number that a float64 cannot hold")
		}
		return f, nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	if len(s) > maxDigits {
		return nil, fmt.Errorf("an integer of more than %d digits", maxDigits)
	}
	i, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return nil, fmt.Errorf("a number that is not valid")
	}
	return i, nil
}
