package sessionotel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redis/go-redis/extra/redisotel/v9"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/sessionotel"
)

// exporting returns a site whose metrics, and its client's, a page shows.
func exporting(t *testing.T) (*site, http.Handler) {
	t.Helper()
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		t.Fatal(err)
	}
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
	s := newSite(t, sessionotel.WithMeterProvider(meters))
	if err := redisotel.InstrumentMetrics(s.client, redisotel.WithMeterProvider(meters)); err != nil {
		t.Fatal(err)
	}
	return s, promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// fetch gets a page over HTTP.
func fetch(ctx context.Context, address string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return string(body), err
}

// TestPrometheusExporter scrapes a real exporter over HTTP: the names that docs/observing.md
// and the dashboard use, those of the client beside them, and nothing secret.
func TestPrometheusExporter(t *testing.T) {
	s, page := exporting(t)
	s.live()
	srv := httptest.NewServer(page)
	t.Cleanup(srv.Close)
	text, err := fetch(t.Context(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`redissessions_load_duration_seconds_count{cookie="session",otel_scope_name=`,
		`redissessions_save_duration_seconds_bucket{cookie="session",op="create",`,
		`redissessions_save_tries_bucket{`, `redissessions_created_total{`, `redissessions_logins_total{`,
		`redissessions_ended_total{cause="logout",`, `redissessions_rejected_total{cookie="session",`, `reason="forged"`,
		`redissessions_old_secret_total{`, `redissessions_record_size_bytes_sum{`, `redissessions_user_sessions_count{`, `redissessions_unused_total{`,
		`db_client_connections_`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	for _, secret := range append(s.secrets, secret, user) {
		if strings.Contains(text, secret) {
			t.Errorf("the page has a secret, %s...", secret[:4])
		}
	}
	for _, key := range s.client.Keys(t.Context(), "*").Val() {
		if strings.Contains(text, key) {
			t.Errorf("the page has a key of Redis")
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// scraped is a Prometheus that scrapes an application.
type scraped struct {
	t       *testing.T
	address string
}

var listening = regexp.MustCompile(`msg="Listening on" address=(127\.0\.0\.1:\d+)`)

// newScraped starts Debian's Prometheus with the page of an application as its target.
func newScraped(t *testing.T, page http.Handler) *scraped {
	t.Helper()
	program := connecttest.Installed(t, "prometheus")
	srv := httptest.NewServer(page)
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	config := fmt.Sprintf("global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: shop\n    static_configs:\n      - targets: [%q]\n",
		strings.TrimPrefix(srv.URL, "http://"))
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &scraped{t: t}
	connecttest.Start(t, dir, func(ctx context.Context) error {
		out, err := os.ReadFile(filepath.Join(dir, connecttest.OutputFile))
		if err != nil {
			return err
		}
		found := listening.FindSubmatch(out)
		if found == nil {
			return errors.New("it does not listen yet")
		}
		s.address = "http://" + string(found[1])
		_, err = fetch(ctx, s.address+"/-/ready")
		return err
	}, program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0")
	return s
}

// value runs a query, and returns the largest of its values. An empty result is an error.
func (s *scraped) value(query string) (largest float64, err error) {
	body, err := fetch(s.t.Context(), s.address+"/api/v1/query?query="+url.QueryEscape(query))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", query, err)
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return 0, err
	}
	if len(answer.Data.Result) == 0 {
		return 0, fmt.Errorf("%s: nothing", query)
	}
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, err
		}
		largest = max(largest, v) // NaN where a part of it was not there
	}
	return largest, nil
}

// eventually lives until each query has a value of more than zero.
func (s *scraped) eventually(live func(), queries []string) {
	s.t.Helper()
	connecttest.Eventually(s.t, 5*time.Minute, func() error {
		live()
		var errs []error
		for _, q := range queries {
			if v, err := s.value(q); err != nil {
				errs = append(errs, err)
			} else if !(v > 0) { // or NaN
				errs = append(errs, fmt.Errorf("%s: %v", q, v))
			}
		}
		return errors.Join(errs...)
	})
}

// docs returns a file of the folder docs.
func docs(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDashboard runs every query of the dashboard for Grafana.
func TestDashboard(t *testing.T) {
	var dashboard struct {
		Panels []struct {
			Title       string `json:"title"`
			Description string `json:"description"`
			Targets     []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal([]byte(docs(t, "grafana-dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	var queries []string
	text := ""
	for _, p := range dashboard.Panels {
		if p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("a panel without a title, a description or a query: %+v", p)
		}
		for _, target := range p.Targets {
			q := strings.NewReplacer("$cookie", ".*", "$__rate_interval", "1m").Replace(target.Expr)
			queries = append(queries, q)
			text += q
		}
	}
	s, page := exporting(t)
	newScraped(t, page).eventually(s.live, queries)
	for _, name := range metricNames(t) {
		if !strings.Contains(text, strings.ReplaceAll(name, ".", "_")) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// metricNames are the metrics in docs/observing.md.
func metricNames(t *testing.T) (names []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?m)^\\| `(redissessions\\.[a-z._]+)`").FindAllStringSubmatch(docs(t, "observing.md"), -1) {
		names = append(names, m[1])
	}
	if len(names) != 11 {
		t.Errorf("docs/observing.md has %d metrics", len(names))
	}
	return names
}

// TestAlerts checks the rules in docs/prometheus-alerts.yml, and provokes what they warn of.
func TestAlerts(t *testing.T) {
	const name = "prometheus-alerts.yml"
	rules, file := docs(t, name), filepath.Join("..", "..", "docs", name)
	if out, err := exec.Command(connecttest.Installed(t, "promtool"), "check", "rules", file).CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	var queries []string
	for _, m := range regexp.MustCompile(`(?m)^ +expr: (.*) > ([0-9.]+)$`).FindAllStringSubmatch(rules, -1) {
		queries = append(queries, m[1]) // the threshold is not for a test to reach
	}
	if want := strings.Count(rules, "- alert:"); len(queries) != want || want == 0 {
		t.Fatalf("%d queries of %d alerts", len(queries), want)
	}
	for _, m := range regexp.MustCompile("`(RedisSessions[A-Za-z]+)`").FindAllStringSubmatch(docs(t, "observing.md"), -1) {
		if !strings.Contains(rules, "- alert: "+m[1]+"\n") {
			t.Errorf("docs/observing.md names the alert %s, which does not exist", m[1])
		}
	}
	s, page := exporting(t)
	newScraped(t, page).eventually(func() {
		s.live()
		s.fail()
	}, queries)
}

// TestAlertsFire: on what they are for, and not on what visitors do.
func TestAlertsFire(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), connecttest.Installed(t, "promtool"), "test", "rules", filepath.Join("testdata", "alerts.yml"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// fail has events that a test provokes with difficulty, and elsewhere: TestEveryEvent.
func (s *site) fail() {
	for _, e := range []session.Event{
		{Op: session.OpSave, Outcome: session.OutcomeConflict, Duration: time.Second, Tries: 100},
		{Op: session.OpLoad, Outcome: session.OutcomeCrossed, Duration: time.Millisecond, Bytes: 100},
		{Op: session.OpReject, Outcome: session.OutcomeUndecodable},
	} {
		e.Factory = "session"
		s.observer.Observe(s.t.Context(), &e)
	}
}
