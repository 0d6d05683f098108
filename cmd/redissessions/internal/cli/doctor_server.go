package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect"
)

const (
	// pings is how often the round trip is measured. The shortest counts: what the others
	// take longer, they wait for a processor of a busy machine, and not for the network.
	pings = 10
	// slowTrip is from when on a round trip is worth a warning: a page with a session
	// takes one or two.
	slowTrip = 10 * time.Millisecond
	// clocksApart is how far the clocks of a site may be apart, docs/reliability.md.
	clocksApart = 5 * time.Second
)

// node is one server of several.
type node struct {
	name string // "" where there is one
	redis.Cmdable
}

// about names the node in front of a finding.
func (n node) about(text string) string {
	if n.name == "" {
		return text
	}
	return n.name + ": " + text
}

// lookAtServer looks at every primary, and at what is around them.
func (d *diagnosis) lookAtServer(ctx context.Context) {
	o, err := d.Connect.Resolve()
	if err != nil {
		return
	}
	nodes := []node{{"", d.client}}
	switch o.Mode {
	case connect.Cluster:
		nodes = d.lookAtCluster(ctx)
	case connect.Sentinel:
		d.lookAtSentinels(ctx, o)
	case connect.Single, connect.Embedded:
	}
	for _, n := range nodes {
		d.lookAtVersion(ctx, n)
		d.lookAtTrip(ctx, n)
		d.lookAtClock(ctx, n)
		d.lookAtMemory(ctx, n)
		d.lookAtPersistence(ctx, n)
		d.lookAtReplicas(ctx, n)
	}
}

// info returns the fields of a section of INFO. Where the user may not ask it notes that.
func (d *diagnosis) info(ctx context.Context, n node, section string) (map[string]string, bool) {
	text, err := n.Info(ctx, section).Result()
	if err != nil {
		d.notAsked(n, section, "INFO", err)
		return nil, false
	}
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, isField := strings.Cut(strings.TrimSpace(line), ":"); isField {
			fields[name] = value
		}
	}
	return fields, true
}

// notAsked notes what could not be looked at. The server's text may quote nothing of a
// session: these commands have no keys.
func (d *diagnosis) notAsked(n node, about, command string, err error) {
	why := "the server refused it"
	var refused redis.Error
	switch text := err.Error(); {
	case strings.HasPrefix(text, "NOPERM"):
		why = "the user may not run it; +" + strings.ToLower(strings.ReplaceAll(command, " ", "|")) + " allows it"
	case errors.As(err, &refused) && strings.Contains(text, "unknown command"):
		why = "the server, or a proxy before it, does not know it"
	case !errors.As(err, &refused):
		why = "it was not answered"
	}
	d.find(note, about, "%s", n.about("not looked at, by "+command+": "+why))
}

func (d *diagnosis) lookAtVersion(ctx context.Context, n node) {
	info, ok1 := d.info(ctx, n, "server")
	if !ok1 {
		return
	}
	if o, _ := d.Connect.Resolve(); o.Mode == connect.Single && info["redis_mode"] == "cluster" {
		d.find(broken, "cluster", "%s", n.about("the server is one node of a cluster, and most sessions belong to others; connect with redis-cluster:// or cluster_addrs"))
	}
	name, version := "Redis", info["redis_version"]
	if v := info["valkey_version"]; v != "" {
		name, version = "Valkey", v
	}
	if v := info["dragonfly_version"]; v != "" {
		name, version = "Dragonfly", v
	}
	if version == "" {
		d.find(note, "server", "%s", n.about("it does not say which version it is"))
		return
	}
	text := fmt.Sprintf("%s %s", name, version)
	if name == "Redis" && older(version, 6, 2) {
		d.find(warning, "server", "%s", n.about(text+": the library was run on Redis 6.2 and later; upgrade the server"))
		return
	}
	d.find(ok, "server", "%s", n.about(text))
}

// older reports whether a version is before another.
func older(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	x, err1 := strconv.Atoi(parts[0])
	y, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (x < major || x == major && y < minor)
}

func (d *diagnosis) lookAtTrip(ctx context.Context, n node) {
	var trips []time.Duration
	for range pings {
		began := time.Now()
		if err := n.Ping(ctx).Err(); err != nil && !redis.HasErrorPrefix(err, "MISCONF") { // which is about saves
			d.find(broken, "round trip", "%s", n.about("PING was not answered: "+oneLine(err)))
			return
		}
		trips = append(trips, time.Since(began))
	}
	trip := slices.Min(trips).Round(time.Microsecond)
	if trip > slowTrip {
		d.find(warning, "round trip", "%s", n.about(fmt.Sprintf("%s: a page with a session waits for one or two; let the application and the server be in one data centre", trip)))
		return
	}
	d.find(ok, "round trip", "%s", n.about(trip.String()))
}

func (d *diagnosis) lookAtClock(ctx context.Context, n node) {
	before := time.Now()
	at, err := n.Time(ctx).Result()
	if err != nil {
		d.notAsked(n, "clock", "TIME", err)
		return
	}
	apart := clockApart(before, at, time.Now())
	if apart > clocksApart {
		d.find(warning, "clock", "%s", n.about(fmt.Sprintf("the server's and this machine's are %s apart, and should agree to within %s: let both follow NTP", apart.Round(time.Second), clocksApart)))
		return
	}
	d.find(ok, "clock", "%s", n.about("the server's and this machine's agree to within "+max(apart, time.Millisecond).Round(time.Millisecond).String()))
}

// clockApart is how far a server's clock is from this machine's at least, which was before
// and after when the server said at.
func clockApart(before, at, after time.Time) time.Duration {
	switch {
	case at.Before(before):
		return before.Sub(at)
	case at.After(after):
		return at.Sub(after)
	}
	return 0
}

func (d *diagnosis) lookAtMemory(ctx context.Context, n node) {
	info, ok1 := d.info(ctx, n, "memory")
	stats, ok2 := d.info(ctx, n, "stats")
	if ok1 {
		used, most := number(info["used_memory"]), number(info["maxmemory"])
		text := fmt.Sprintf("%d MiB used, no maxmemory", used>>20)
		if most > 0 {
			text = fmt.Sprintf("%d of %d MiB used, maxmemory-policy %s", used>>20, most>>20, info["maxmemory_policy"])
		}
		switch {
		case most > 0 && used > most/10*9 && strings.HasPrefix(info["maxmemory_policy"], "noeviction"):
			d.find(warning, "memory", "%s", n.about(text+": when it is full no session can be saved; raise maxmemory"))
		case most > 0 && used > most/10*9:
			d.find(warning, "memory", "%s", n.about(text+": when it is full sessions are dropped before their time; raise maxmemory"))
		default:
			d.find(ok, "memory", "%s", n.about(text))
		}
	}
	if evicted := number(stats["evicted_keys"]); ok2 && evicted > 0 {
		d.find(warning, "memory", "%s", n.about(fmt.Sprintf("the server has dropped %d keys to make room since it started, sessions may be among them: raise maxmemory, or give sessions a server of their own", evicted)))
	}
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func (d *diagnosis) lookAtPersistence(ctx context.Context, n node) {
	info, ok1 := d.info(ctx, n, "persistence")
	if !ok1 {
		return
	}
	aof := info["aof_enabled"] == "1"
	switch {
	case info["loading"] == "1":
		d.find(warning, "persistence", "%s", n.about("the server is reading its data from disk: wait until it has"))
	case info["rdb_last_bgsave_status"] == "err":
		d.find(warning, "persistence", "%s", n.about("the last snapshot failed, and writes are refused where stop-writes-on-bgsave-error is set: see the server's log, and the disk"))
	case aof && info["aof_last_write_status"] == "err":
		d.find(warning, "persistence", "%s", n.about("the last write to the append-only file failed: see the server's log, and the disk"))
	case aof:
		d.find(ok, "persistence", "%s", n.about("append-only file"))
	default:
		save, err := n.ConfigGet(ctx, "save").Result()
		if err == nil && save["save"] == "" {
			d.find(note, "persistence", "%s", n.about("none: a restart of the server logs everybody out; appendonly yes keeps the sessions"))
			return
		}
		d.find(ok, "persistence", "%s", n.about("snapshots at most: a crash may lose the sessions of the last minutes; appendonly yes loses a second"))
	}
}

func (d *diagnosis) lookAtReplicas(ctx context.Context, n node) {
	info, ok1 := d.info(ctx, n, "replication")
	if !ok1 {
		return
	}
	if role := info["role"]; role == "slave" || role == "replica" {
		d.find(broken, "replicas", "%s", n.about("the server is a replica, which saves no session; connect to the primary, or name the sentinels (redis-sentinel://) that know it"))
		return
	}
	if replicas := number(info["connected_slaves"]); replicas > 0 {
		d.find(ok, "replicas", "%s", n.about(fmt.Sprintf("a primary with %d", replicas)))
		return
	}
	d.find(note, "replicas", "%s", n.about("none: while the server is down no session can be read; Sentinel or Cluster put a replica in its place"))
}

// lookAtCluster looks at the state of a cluster, and returns its primaries.
func (d *diagnosis) lookAtCluster(ctx context.Context) []node {
	cluster, isCluster := d.client.(*redis.ClusterClient)
	if !isCluster {
		return nil
	}
	if text, err := cluster.ClusterInfo(ctx).Result(); err != nil {
		d.notAsked(node{}, "cluster", "CLUSTER INFO", err)
	} else {
		fields := map[string]string{}
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			fields[name] = value
		}
		text := fmt.Sprintf("%s nodes, %s primaries, %s of 16384 slots served", fields["cluster_known_nodes"], fields["cluster_size"], fields["cluster_slots_ok"])
		switch {
		case fields["cluster_state"] != "ok":
			d.find(broken, "cluster", "%s: it is down; see CLUSTER NODES for the primary that is missing", text)
		case fields["cluster_slots_ok"] != "16384":
			d.find(warning, "cluster", "%s: sessions in the others cannot be saved; see CLUSTER NODES", text)
		default:
			d.find(ok, "cluster", "%s", text)
		}
	}
	var mu sync.Mutex
	var nodes []node
	err := cluster.ForEachMaster(ctx, func(_ context.Context, c *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node{c.Options().Addr, c})
		return nil
	})
	if err != nil {
		d.find(broken, "cluster", "%s", oneLine(err))
	}
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
	return nodes
}

// lookAtSentinels asks each sentinel for the primary, and whether they could replace it.
func (d *diagnosis) lookAtSentinels(ctx context.Context, o connect.Options) {
	t, err := o.TLS.Config()
	if err != nil {
		return // connect has said so
	}
	answers := map[string][]string{}
	for _, addr := range o.Sentinel.Addrs {
		c := redis.NewSentinelClient(&redis.Options{
			Addr: addr, Username: o.Sentinel.Username, Password: o.Sentinel.Password, TLSConfig: t, Protocol: 2,
			DialTimeout: o.DialTimeout, ReadTimeout: o.SocketTimeout, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true,
		})
		primary, err := c.GetMasterAddrByName(ctx, o.Sentinel.Master).Result()
		switch {
		case err != nil:
			d.find(warning, "sentinels", "%s does not name the primary %q: is it running, and does it watch that name?", addr, o.Sentinel.Master)
		default:
			at := strings.Join(primary, ":")
			answers[at] = append(answers[at], addr)
			if err := c.CkQuorum(ctx, o.Sentinel.Master).Err(); err != nil && strings.HasPrefix(err.Error(), "NOQUORUM") {
				d.find(warning, "sentinels", "%s says that they are too few to replace the primary (NOQUORUM): start the sentinels that are missing", addr)
			}
		}
		_ = c.Close()
	}
	if len(answers) > 1 {
		d.find(warning, "sentinels", "they name %d different primaries; wait for the failover that is under way, or see SENTINEL masters", len(answers))
		return
	}
	for at, by := range answers {
		d.find(ok, "sentinels", "%d of %d name the primary at %s", len(by), len(o.Sentinel.Addrs), at)
		if len(o.Sentinel.Addrs) < 3 {
			d.find(note, "sentinels", "the settings name %d: name three or more, so that one that is down at the start does not matter", len(o.Sentinel.Addrs))
		}
	}
}
