package settings

import "strconv"

const longSecret = "0123456789abcdef0123456789abcdef"

func itoa(n int) string { return strconv.Itoa(n) }
