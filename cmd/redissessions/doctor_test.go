package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/internal/connecttest"
)

// ruled makes a user of a server who may do everything that the rules do not take away, and
// returns the settings that log in as that user.
func ruled(t *testing.T, srv *connecttest.Server, rules string) map[string]string {
	t.Helper()
	words := []any{"acl", "setuser", "web", "reset", "on", ">" + password, "~session:*", "&*", "+@all"}
	for _, r := range strings.Fields(rules) {
		words = append(words, r)
	}
	if err := srv.Client().Do(t.Context(), words...).Err(); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"url": "redis://web:" + password + "@" + srv.Addr()}
}

// TestDoctorLimited: against each limited server doctor says the sentence that mends it.
func TestDoctorLimited(t *testing.T) {
	const fine, warns, broken = 0, 1, 2
	plain := connecttest.RedisServer(t)
	valkey, bare := connecttest.ValkeyServer(t), connecttest.ValkeyServerWithoutLua(t)
	for name, c := range map[string]struct {
		srv    *connecttest.Server
		rules  string
		keys   map[string]string
		status int
		want   []string
	}{
		"Redis":                 {plain, "", nil, fine, []string{"Redis 7.", "by a Lua script", "All is well.", "needs no more than: user web on >PASSWORD ~session:*"}},
		"Valkey":                {valkey, "", nil, fine, []string{"Valkey 9.", "by SET with IFEQ, by a script for records above 16 KiB"}},
		"Valkey without Lua":    {bare, "", nil, fine, []string{"by SET with IFEQ at every size", "+unlink +delifeq\n"}},
		"replica":               {connecttest.RedisServer(t, "replicaof 127.0.0.1 1"), "", nil, broken, []string{"the server is a replica", "connect to the primary"}},
		"memory full":           {connecttest.RedisServer(t, "maxmemory 1"), "", nil, broken, []string{"its memory is full; raise maxmemory"}},
		"too few replicas":      {connecttest.RedisServer(t, "min-replicas-to-write 1"), "", nil, broken, []string{"too few replicas", "min-replicas-to-write"}},
		"evicts anything":       {connecttest.RedisServer(t, "maxmemory-policy allkeys-lru"), "", nil, warns, []string{"maxmemory-policy is allkeys-lru", "volatile-ttl"}},
		"node of a cluster":     {connecttest.RedisServer(t, "cluster-enabled yes"), "", nil, broken, []string{"redis-cluster://"}},
		"no EVAL":               {plain, "-eval", nil, broken, []string{"no change to a session could be saved", "+eval", "these rights would do: user web"}},
		"no EVAL by name":       {connecttest.RedisServer(t, `rename-command EVAL ""`), "", nil, broken, []string{"no change to a session could be saved", "does not know EVAL"}},
		"no EVALSHA":            {plain, "-evalsha", nil, broken, []string{"+evalsha"}},
		"no SET":                {plain, "-set", nil, broken, []string{"no session could be saved", "+set"}},
		"other keys":            {plain, "resetkeys ~shop:*", nil, broken, []string{"may not use the sessions' keys", "~session:*"}},
		"no GETEX":              {plain, "-getex", nil, fine, []string{"no GETEX: GET and PEXPIRE are sent", "+getex"}},
		"no GETEX, no PEXPIRE":  {plain, "-getex -pexpire", nil, broken, []string{"no session could be read", "+getex"}},
		"no GET":                {plain, "-get", nil, broken, []string{"+get"}},
		"no PTTL":               {plain, "-pttl", nil, warns, []string{"timeout_trigger could not be used", "+pttl"}},
		"no PTTL, needed":       {plain, "-pttl", map[string]string{"timeout_trigger": "60"}, broken, []string{"timeout_trigger needs PTTL"}},
		"no UNLINK":             {plain, "-unlink", nil, fine, []string{"no UNLINK: DEL is sent", "+unlink"}},
		"no RENAME":             {plain, "-rename", nil, fine, []string{"no RENAME: a save of a record above 4 KiB", "needs +rename", "these rights would do: user web", "+evalsha +rename\n"}},
		"no RENAME, Valkey":     {bare, "-rename", nil, fine, []string{"+unlink +delifeq\n"}},
		"no UNLINK, no DEL":     {connecttest.RedisServer(t), "-unlink -del", nil, broken, []string{"no session could be ended", "+unlink"}},
		"no index":              {plain, "-zadd", map[string]string{"user_sessions": "true"}, broken, []string{"sessions could not be kept by user", "+zadd"}},
		"no look at the server": {plain, "-info -time -config", nil, fine, []string{"+info allows it", "+time allows it"}},
		"native, no IFEQ":       {plain, "", map[string]string{"guarded_save": "native"}, broken, []string{"guarded_save"}},
		"redigo":                {plain, "-eval", map[string]string{"custom_connect": "redigo"}, broken, []string{"+eval"}},
		"never ends":            {plain, "", map[string]string{"timeout": "0"}, warns, []string{"set timeout or absolute_timeout"}},
		"open cookie":           {plain, "", map[string]string{"cookie_secure": "false", "cookie_httponly": "false"}, warns, []string{"cookie_secure is false", "set auto", "cookie_httponly is false"}},
		"short secret":          {plain, "", map[string]string{"secret": "hunter2-hunter2"}, warns, []string{"32 or more are safe"}},
	} {
		t.Run(name, func(t *testing.T) {
			keys := ruled(t, c.srv, c.rules)
			maps.Copy(keys, c.keys)
			hide("hunter2-hunter2")
			r := run(t, "", "doctor", "-s", settingsFile(t, keys))
			r.wants(t, c.status, c.want...)
			if n := len(c.srv.Client().Keys(t.Context(), "*").Val()); n != 0 && !strings.Contains(c.rules, "-del") {
				t.Errorf("%d keys were left", n)
			}
		})
	}
}

// TestDoctorSnapshotFails: a server that refuses writes since its disk refused a snapshot.
func TestDoctorSnapshotFails(t *testing.T) {
	srv := connecttest.RedisServer(t, "save 3600 1", "enable-protected-configs yes")
	client := srv.Client()
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := client.ConfigSet(t.Context(), "dir", dir).Err(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	client.Set(t.Context(), "k", "v", 0)
	client.BgSave(t.Context())
	connecttest.Eventually(t, time.Minute, func() error {
		if !strings.Contains(client.Info(t.Context(), "persistence").Val(), "rdb_last_bgsave_status:err") {
			return errors.New("the snapshot has not failed yet")
		}
		return nil
	})
	run(t, "", "doctor", "-s", settingsFile(t, map[string]string{"url": srv.URL()})).wants(t, 2,
		"the last snapshot failed", "no session could be saved", "MISCONF", "see its log")
}

// TestDoctorRightsWouldDo: the line that doctor prints is enough, and the least.
func TestDoctorRightsWouldDo(t *testing.T) {
	deployments(t, func(t *testing.T, client redis.UniversalClient, keys map[string]string) {
		keys = maps.Clone(keys)
		keys["user_sessions"], keys["cookie_name"] = "true", "session"
		if keys["format"] != "" && keys["prefix"] == "" {
			keys["prefix"] = "shop:"
		}
		r := run(t, "", "doctor", "-s", settingsFile(t, keys))
		r.wants(t, 0)
		line := regexp.MustCompile(`user web on >PASSWORD (.*)`).FindStringSubmatch(r.out)
		if line == nil {
			t.Fatal(r.out)
		}
		words := []any{"acl", "setuser", "web", "reset", "on", ">" + password}
		for _, rule := range strings.Fields(line[1]) {
			words = append(words, rule)
		}
		setUser := func(ctx context.Context, c redis.UniversalClient) error { return c.Do(ctx, words...).Err() }
		err := error(nil)
		if cluster, ok := client.(*redis.ClusterClient); ok {
			err = cluster.ForEachShard(t.Context(), func(ctx context.Context, c *redis.Client) error { return setUser(ctx, c) })
		} else {
			err = setUser(t.Context(), client)
		}
		if err != nil {
			t.Fatal(err)
		}
		keys["url"] = strings.Replace(keys["url"], "://", "://web:"+password+"@", 1)
		run(t, "", "doctor", "-s", settingsFile(t, keys)).wants(t, 0, "the server carries out what sessions send")
		s := newSite(t, keys)
		v := s.newVisitor("alice")
		if n, err := s.f.EndAll(t.Context(), "alice"); n != 1 || err != nil || s.here(v) {
			t.Errorf("with these rights %d sessions are ended: %v", n, err)
		}
	})
}

// TestDoctorRightsOfAnOddPrefix: an ACL rule is a pattern, and the prefix is text.
func TestDoctorRightsOfAnOddPrefix(t *testing.T) {
	srv := connecttest.RedisServer(t)
	keys := map[string]string{"url": srv.URL(), "prefix": `a*[z]?\:`}
	r := run(t, "", "doctor", "-s", settingsFile(t, keys))
	line := regexp.MustCompile(`user web on >PASSWORD (.*)`).FindStringSubmatch(r.out)
	if line == nil {
		t.Fatal(r.out)
	}
	words := []any{"acl", "setuser", "web", "on", ">" + password}
	for _, rule := range strings.Fields(line[1]) {
		words = append(words, rule)
	}
	if err := srv.Client().Do(t.Context(), words...).Err(); err != nil {
		t.Fatal(err)
	}
	keys["url"] = strings.Replace(keys["url"], "://", "://web:"+password+"@", 1)
	run(t, "", "doctor", "-s", settingsFile(t, keys)).wants(t, 0, "the server carries out what sessions send")
	if said := srv.Client().Do(t.Context(), "acl", "dryrun", "web", "get", "axzx:1").String(); !strings.Contains(said, "no permissions") {
		t.Errorf("the rule allows keys of another prefix: %s", said)
	}
}

// TestDoctorDeployments: what Cluster and Sentinel look like, and when something is missing.
func TestDoctorDeployments(t *testing.T) {
	cluster := connecttest.Cluster(t)
	file := settingsFile(t, map[string]string{"url": cluster.URL()})
	r := run(t, "", "doctor", "-s", file)
	r.wants(t, 0, "3 primaries, 16384 of 16384 slots served", "a primary with 1", "by a Lua script")
	for _, node := range cluster.Nodes[:3] {
		if !strings.Contains(r.out, node.Addr()+": ") {
			t.Errorf("%s is not looked at\n%s", node.Addr(), r.out)
		}
	}

	sentinels := connecttest.Sentinels(t)
	file = settingsFile(t, map[string]string{"url": sentinels.URL()})
	run(t, "", "doctor", "-s", file).wants(t, 0, "3 of 3 name the primary at", "a primary with")
	sentinels.Sentinels[2].Kill()
	run(t, "", "doctor", "-s", file).wants(t, 1, "does not name the primary", "is it running")
}

// TestDoctorAfterEvictions, and JSON: one finding a line.
func TestDoctorAfterEvictions(t *testing.T) {
	srv := connecttest.RedisServer(t, "maxmemory 4mb", "maxmemory-policy volatile-ttl")
	client := srv.Client()
	fill := strings.Repeat("x", 100_000)
	for n := 0; client.Info(t.Context(), "stats").Val() != "" && !regexp.MustCompile(`evicted_keys:[1-9]`).MatchString(client.Info(t.Context(), "stats").Val()); n++ {
		if err := client.Set(t.Context(), "k"+strings.Repeat("i", n), fill, time.Hour).Err(); err != nil || n > 200 {
			t.Fatal(n, err)
		}
	}
	r := run(t, "", "doctor", "-s", settingsFile(t, map[string]string{"url": srv.URL()}), "--json")
	r.wants(t, 1, "has dropped")
	levels := map[string]int{}
	for line := range strings.Lines(r.out) {
		var f struct{ Level, About, Text string }
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.About == "" || f.Text == "" {
			t.Errorf("%v: %s", err, line)
		}
		levels[f.Level]++
	}
	if levels["warning"] == 0 || levels["ok"] < 5 {
		t.Errorf("%v", levels)
	}
}

var figures = regexp.MustCompile(`[0-9][0-9.]*(?:µs|ms|s)?`)

// TestDoctorAsShown: docs/command.md shows what doctor prints, line by line, but for the
// figures and what is behind an ellipsis.
func TestDoctorAsShown(t *testing.T) {
	page, err := os.ReadFile("../../docs/command.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "```text\n")
	shown, _, ends := strings.Cut(after, "```\n")
	if !found || !ends {
		t.Fatal("docs/command.md shows no output")
	}

	srv := connecttest.RedisServer(t, "appendonly yes", "maxmemory 8mb", "maxmemory-policy volatile-ttl")
	host, port, _ := strings.Cut(srv.Addr(), ":")
	connecttest.RedisServer(t, "replicaof "+host+" "+port)
	client := srv.Client()
	connecttest.Eventually(t, time.Minute, func() error {
		if !strings.Contains(client.Info(t.Context(), "replication").Val(), "connected_slaves:1") {
			return errors.New("the replica is not there yet")
		}
		return nil
	})
	fill := strings.Repeat("x", 100_000)
	for n := 0; !regexp.MustCompile(`evicted_keys:[1-9]`).MatchString(client.Info(t.Context(), "stats").Val()); n++ {
		if err := client.Set(t.Context(), "fill"+strings.Repeat("i", n), fill, time.Hour).Err(); err != nil || n > 400 {
			t.Fatal(n, err)
		}
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "1gb").Err(); err != nil { // the replica's copy of the stream counts too
		t.Fatal(err)
	}
	r := run(t, "", "doctor", "-s", settingsFile(t, ruled(t, srv, "-eval")))
	r.wants(t, 2)

	printed, lines := strings.Split(strings.TrimSpace(r.out), "\n"), strings.Split(strings.TrimSpace(shown), "\n")
	if len(printed) != len(lines) {
		t.Fatalf("docs/command.md shows %d lines, doctor prints %d:\n%s", len(lines), len(printed), r.out)
	}
	for i, line := range lines {
		is, want := figures.ReplaceAllString(printed[i], "0"), figures.ReplaceAllString(line, "0")
		start, cut := strings.CutSuffix(want, "…")
		if is != want && (!cut || !strings.HasPrefix(is, start)) {
			t.Errorf("docs/command.md shows\n%s\nand doctor prints\n%s", line, printed[i])
		}
	}
}
