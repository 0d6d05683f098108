package load

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pyramidgo/redissessions/bench/apps"
)

// Visitors lets /create make as many sessions, asked for by all callers at
// once, and returns the visitors' Cookie headers.
func Visitors(callers []apps.Caller, n int) ([]string, error) {
	cookies := make([]string, n)
	errs := make([]error, len(callers))
	var next atomic.Int64
	var wait sync.WaitGroup
	for i, c := range callers {
		wait.Go(func() {
			for errs[i] == nil {
				visitor := int(next.Add(1)) - 1
				if visitor >= n {
					return
				}
				cookies[visitor], errs[i] = begin(c)
			}
		})
	}
	wait.Wait()
	return cookies, errors.Join(errs...)
}

// begin returns the Cookie header of a new visitor.
func begin(c apps.Caller) (string, error) {
	answer, err := c.Call("/create", "")
	if err != nil {
		return "", err
	}
	if answer.Status >= http.StatusMultipleChoices || len(answer.SetCookie) == 0 {
		return "", fmt.Errorf("load: /create: status %d, %d cookies", answer.Status, len(answer.SetCookie))
	}
	return header(answer.Cookies()), nil
}

// header returns what a browser sends back.
func header(cookies []*http.Cookie) string {
	pairs := make([]string, len(cookies))
	for i, c := range cookies {
		pairs[i] = c.Name + "=" + c.Value
	}
	return strings.Join(pairs, "; ")
}
