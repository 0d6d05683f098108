package settings

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/viper"
)

// environmentPrefixes are our key prefixes as the environment spells them.
var environmentPrefixes = map[string]string{
	"REDIS_SESSIONS_":    prefix,
	"GO_REDIS_SESSIONS_": goPrefix,
}

// bindEnvironment makes every variable with one of our prefixes a key of v that wins over
// the file. Variables that no setting knows are bound too, for Parse to report.
func bindEnvironment(v *viper.Viper, environ []string) error {
	for _, assignment := range environ {
		variable, value, _ := strings.Cut(assignment, "=")
		key := keyOf(variable)
		if key == "" || value == "" {
			continue
		}
		if err := v.BindEnv(key, variable); err != nil {
			return fmt.Errorf("settings: environment variable %s: %w", variable, err)
		}
	}
	return nil
}

// keyOf returns the key that a variable sets, "" for a variable that is not ours.
func keyOf(variable string) string {
	for environmentPrefix, keyPrefix := range environmentPrefixes {
		if name, ok := strings.CutPrefix(variable, environmentPrefix); ok && name != "" {
			return keyPrefix + strings.ToLower(name)
		}
	}
	return ""
}

// variableFor returns the environment variable that a key's value comes from, "" when it
// comes from elsewhere. Viper does not say; but a variable that Load bound always wins.
func variableFor(src Source, key string) string {
	if _, ok := src.(*viper.Viper); !ok {
		return ""
	}
	variable := strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
	if value := os.Getenv(variable); value == "" || keyOf(variable) != key || src.Get(key) != any(value) {
		return ""
	}
	return variable
}
