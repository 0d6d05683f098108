package gorilla

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"github.com/gorilla/sessions"
)

// The page names every method of the old library, and what to call instead.
func TestThePageNamesEveryMethod(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/migrating-from-gorilla.md")
	if err != nil {
		t.Fatal(err)
	}
	old := reflect.TypeFor[*sessions.Session]()
	for i := range old.NumMethod() {
		if name := old.Method(i).Name; !regexp.MustCompile("[`.]" + name + "\\b").Match(text) {
			t.Errorf("the page says nothing of %s", name)
		}
	}
}
