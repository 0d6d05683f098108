package shop

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session/handlertest"
)

func TestVisitsAreLost(t *testing.T) {
	if os.Getenv("SEE_IT_FAIL") == "" {
		t.Skip("it fails: TestVisitsAreLostIsFound sees it fail")
	}
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	visit := handlertest.Post(shop, "/visit", nil)
	k.Interleave(200, visit, visit).Check(func(run *handlertest.Run) error {
		if n := run.Visitor.Session()["visits"]; n != 2 {
			return fmt.Errorf("2 requests, and visits is %v", n)
		}
		return nil
	})
}

// The handler that loses an update is found, in the words of docs/testing.md.
func TestVisitsAreLostIsFound(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(env ...string) string {
		cmd := exec.Command(program, "-test.run", "^TestVisitsAreLost$")
		cmd.Env = append(os.Environ(), append(env, "SEE_IT_FAIL=1")...)
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("it did not fail:\n%s", out)
		}
		return string(out)
	}
	out := run()
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(page), "```text\n")
	shown, _, _ = strings.Cut(shown, "```")
	for line := range strings.Lines(shown) {
		if !strings.Contains(out, strings.TrimSpace(line)) {
			t.Errorf("the page shows %q; the test prints\n%s", line, out)
		}
	}
	_, seed, _ := strings.Cut(out, "seed ")
	seed, _, _ = strings.Cut(seed, ";")
	_, first, _ := strings.Cut(out, "go test")
	if _, again, _ := strings.Cut(run(handlertest.SeedVariable+"="+seed), "go test"); schedule(again) != schedule(first) {
		t.Errorf("with the seed alone:\n%s\nbefore:\n%s", again, first)
	}
}

// schedule returns the lines of a failure that begin with a number.
func schedule(failure string) (lines string) {
	for line := range strings.Lines(failure) {
		if line = strings.TrimSpace(line); line != "" && line[0] >= '0' && line[0] <= '9' {
			lines += line + "\n"
		}
	}
	return lines
}
