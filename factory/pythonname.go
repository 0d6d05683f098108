package factory

import (
	"fmt"
	"regexp"
)

// dotted matches what Pyramid resolves as the name of an object in a module:
// "myapp.redis.client", "myapp.redis:client". No name of ours has a dot.
var dotted = regexp.MustCompile(`^\.?[A-Za-z_]\w*([.:][A-Za-z_]\w*)+$|^[.:][A-Za-z_]\w*$`)

func namesPython(name string) bool { return dotted.MatchString(name) }

// registrars are the methods of Registry by the setting that names what they
// register.
var registrars = map[string]string{
	"encode":                            "Encode",
	"decode":                            "Decode",
	"id_generator":                      "IDGenerator",
	"cookie_signer":                     "Signer",
	"func_invalid_logger":               "OnInvalid",
	"func_check_response_allow_cookies": "AllowCookie",
	"observer":                          "Observer",
	"connection_pool":                   "Client",
	"custom_connect":                    "Connect",
}

// pythonName tells the operator of a file that a Pyramid application reads too
// how to keep its Python names there.
func pythonName(key, kind, name, registered string) error {
	return fmt.Errorf("%q names Python code, which Go cannot call: register a %s in Go (Registry.%s) and name it in go.redis.sessions.%s, which wins over this key in Go and is unknown to Python, or leave that empty for the default; registered: %s",
		name, kind, registrars[key], key, registered)
}
