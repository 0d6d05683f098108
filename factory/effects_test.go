package factory_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/settings"
)

// TestEffects shows what every setting does, by the field of settings.Options
// that it fills; a test may serve several, separated by spaces. A setting without
// a test of its effect fails it.
func TestEffects(t *testing.T) {
	tests := map[string]func(*testing.T){}
	for _, part := range []map[string]func(*testing.T){sessionEffects, cookieEffects, redisEffects, distributedEffects, registryEffects, pyramidEffects, endEffects, userEffects, deviceEffects} {
		maps.Copy(tests, part)
	}
	var tested []string
	for names, test := range tests {
		tested = append(tested, strings.Fields(names)...)
		t.Run(strings.ReplaceAll(names, " ", "_"), test)
	}
	fields := reflect.TypeFor[settings.Options]()
	for _, field := range reflect.VisibleFields(fields) {
		name := field.Name
		if !field.Anonymous && name != "Warnings" && !slices.Contains(tested, name) { // Warnings are no key's
			t.Errorf("no test shows what the setting for Options.%s does", name)
		}
	}
	for _, name := range tested {
		if _, ok := fields.FieldByName(name); !ok {
			t.Errorf("a test for Options.%s, which does not exist", name)
		}
	}
}
