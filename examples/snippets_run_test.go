package examples

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

// TestSnippetObserver is docs/observing.md's use of two observers.
func TestSnippetObserver(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	metrics := session.LogTo(slog.New(slog.DiscardHandler)) // stands for sessionotel's
	src := settings.Map{
		"redis.sessions.secret":       "4cec2cf8a4b3a9d9f1b5c7e3d2a1908f4cec2cf8",
		"redis.sessions.lazy_connect": true,
	}
	observer := session.Observers(metrics, session.LogTo(logger)) // any number of them
	sessions, err := factory.FromSettings(src, factory.WithObserver(observer))
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, sessions)
}

// TestSnippetReady is docs/running.md's page for a load balancer.
func TestSnippetReady(t *testing.T) {
	t.Parallel()
	sessions, mux := newSessions(t), http.NewServeMux()
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if err := sessions.Ping(ctx); err != nil {
			http.Error(w, "no sessions", http.StatusServiceUnavailable)
		}
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ready", nil))
	if w.Code != http.StatusOK {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}
