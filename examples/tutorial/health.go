package main

import (
	"fmt"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// health says whether Redis answers, for a load balancer or Kubernetes.
func health(sessions *session.Factory) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := sessions.Ping(r.Context()); err != nil {
			http.Error(w, "Redis does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	}
}
