package factory_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/settings"
)

// TestEffects shows what every setting does, by the field of settings.Options
// that it fills. A setting without a test of its effect fails it.
func TestEffects(t *testing.T) {
	tests := map[string]func(*testing.T){}
	for _, part := range []map[string]func(*testing.T){sessionEffects, cookieEffects, redisEffects, registryEffects} {
		maps.Copy(tests, part)
	}
	fields := reflect.TypeFor[settings.Options]()
	var all []string
	for i := range fields.NumField() {
		if name := fields.Field(i).Name; name != "Warnings" { // no key's
			all = append(all, name)
		}
	}
	for _, name := range all {
		test, ok := tests[name]
		if !ok {
			t.Errorf("no test shows what the setting for Options.%s does", name)
			continue
		}
		t.Run(name, test)
	}
	for name := range tests {
		if !slices.Contains(all, name) {
			t.Errorf("a test for Options.%s, which does not exist", name)
		}
	}
}
