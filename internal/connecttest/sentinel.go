package connecttest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SentinelSet is a primary with a replica, and three sentinels that watch
// them.
type SentinelSet struct {
	// Master is the name under which the sentinels know the primary.
	Master    string
	Sentinels []*Server
	// Primary and Replica are what the servers were at the start. The sentinels
	// change that when one fails.
	Primary, Replica *Server
	// Password is that of the two servers, or "".
	Password string
	// SentinelPassword is that of the sentinels, or "".
	SentinelPassword string
}

// Sentinels starts a Sentinel set without passwords. A primary that a busy machine keeps
// waiting for a processor stays the primary, until FailFast.
func Sentinels(tb testing.TB) *SentinelSet {
	tb.Helper()
	return SentinelsWithPasswords(tb, "", "")
}

// SentinelsWithPasswords starts a Sentinel set whose servers and whose
// sentinels ask for a password; "" is none.
func SentinelsWithPasswords(tb testing.TB, password, sentinelPassword string) *SentinelSet {
	tb.Helper()
	set := &SentinelSet{Master: "mymaster", Password: password, SentinelPassword: sentinelPassword}
	var data []string
	if password != "" {
		data = []string{"requirepass " + strconv.Quote(password), "masterauth " + strconv.Quote(password)}
	}
	set.Primary = launch(tb, &Server{Password: password}, data)
	port := strconv.Itoa(set.Primary.Port)
	set.Replica = launch(tb, &Server{Password: password}, append(data, "replicaof 127.0.0.1 "+port))

	watch := []string{
		"sentinel monitor " + set.Master + " 127.0.0.1 " + port + " 2",
		"sentinel down-after-milliseconds " + set.Master + " 2000",
		"sentinel failover-timeout " + set.Master + " 2000",
	}
	if password != "" {
		watch = append(watch, "sentinel auth-pass "+set.Master+" "+strconv.Quote(password))
	}
	if sentinelPassword != "" {
		watch = append(watch, "requirepass "+strconv.Quote(sentinelPassword), "sentinel sentinel-pass "+strconv.Quote(sentinelPassword))
	}
	for range 3 {
		set.Sentinels = append(set.Sentinels, launch(tb, &Server{Password: sentinelPassword, isSentinel: true}, watch))
	}
	set.awaitComplete(tb)
	set.downAfter(tb, steady)
	return set
}

// steady is for how long a primary of a set or a cluster may be silent until FailFast, and
// failFast for how long from then on.
const (
	steady   = 5 * time.Minute
	failFast = 2 * time.Second
)

// FailFast makes the sentinels replace a primary that does not answer for two seconds.
func (set *SentinelSet) FailFast(tb testing.TB) {
	tb.Helper()
	set.downAfter(tb, failFast)
}

func (set *SentinelSet) downAfter(tb testing.TB, d time.Duration) {
	tb.Helper()
	for _, s := range set.Sentinels {
		if err := s.Client().Do(context.Background(), "sentinel", "set", set.Master, "down-after-milliseconds", d.Milliseconds()).Err(); err != nil {
			tb.Fatalf("connecttest: %v", err)
		}
	}
}

// awaitComplete waits until the replica has the primary's data and every
// sentinel knows the replica and the other sentinels.
func (set *SentinelSet) awaitComplete(tb testing.TB) {
	tb.Helper()
	replica := set.Replica.Client()
	Eventually(tb, startTimeout, func() error {
		info, err := replica.Info(context.Background(), "replication").Result()
		if err == nil && !strings.Contains(info, "master_link_status:up") {
			err = errors.New("the replica does not follow the primary")
		}
		return err
	})
	for _, s := range set.Sentinels {
		client := s.Client()
		Eventually(tb, startTimeout, func() error {
			words, err := client.Do(context.Background(), "sentinel", "master", set.Master).StringSlice()
			if err != nil {
				return err
			}
			state := map[string]string{}
			for i := 0; i+1 < len(words); i += 2 {
				state[words[i]] = words[i+1]
			}
			if state["num-slaves"] != "1" || state["num-other-sentinels"] != "2" || state["flags"] != "master" {
				return fmt.Errorf("the sentinel sees %s, %s replicas, %s other sentinels", state["flags"], state["num-slaves"], state["num-other-sentinels"])
			}
			return nil
		})
	}
}

// Addrs returns the sentinels' addresses.
func (set *SentinelSet) Addrs() []string {
	addrs := make([]string, 0, len(set.Sentinels))
	for _, s := range set.Sentinels {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// URL returns the URL that connect.ParseURL takes, with the password of the
// servers. That of the sentinels is an option of its own.
func (set *SentinelSet) URL() string {
	u := url.URL{Scheme: "redis-sentinel", Host: strings.Join(set.Addrs(), ","), Path: "/" + set.Master}
	if set.Password != "" {
		u.User = url.UserPassword("", set.Password)
	}
	return u.String()
}
