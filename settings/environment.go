package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// Our key prefixes as the environment spells them.
const (
	envPrefix   = "REDIS_SESSIONS_"
	envGoPrefix = "GO_REDIS_SESSIONS_"
)

// bindEnvironment makes every variable with one of our prefixes, behind the application's
// own, a key of v that wins over the file. Variables that no setting knows are bound too,
// for Parse to report.
func (o *origin) bindEnvironment(v *viper.Viper, own string, environ []string) error {
	o.variables = map[string]string{}
	for _, assignment := range environ {
		variable, value, _ := strings.Cut(assignment, "=")
		if value == "" {
			continue
		}
		key := keyOf(own, variable)
		if key == "" {
			if resemblesOurs(own, variable) {
				o.similar = append(o.similar, variable)
			}
			continue
		}
		if err := v.BindEnv(key, variable); err != nil {
			return fmt.Errorf("settings: environment variable %s: %w", variable, err)
		}
		o.variables[key] = variable
	}
	slices.Sort(o.similar)
	return nil
}

// keyOf returns the key that a variable sets, "" for a variable that is not ours.
func keyOf(own, variable string) string {
	variable, ok := strings.CutPrefix(variable, own)
	if !ok {
		return ""
	}
	if name, ok := strings.CutPrefix(variable, envGoPrefix); ok && name != "" {
		return goPrefix + strings.ToLower(name)
	}
	if name, ok := strings.CutPrefix(variable, envPrefix); ok && name != "" {
		return prefix + strings.ToLower(name)
	}
	return ""
}

// resemblesOurs reports whether a variable would be ours but for a letter or two before
// the setting's name.
func resemblesOurs(own, variable string) bool {
	variable, ok := strings.CutPrefix(strings.ToLower(variable), strings.ToLower(own))
	if !ok {
		return false
	}
	return correctedKey(strings.ReplaceAll(variable, "_", ".")) != ""
}
