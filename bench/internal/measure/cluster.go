package measure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/bench/apps"
	"github.com/pyramidgo/redissessions/bench/internal/record"
	"github.com/pyramidgo/redissessions/bench/internal/redisserver"
)

// Cluster says how one Redis and a Cluster are measured: what requests cost the servers, by
// their own count, so that a slow client makes no difference; what sessions take there; and
// the round trips.
type Cluster struct {
	// One is host:port of a server with nothing in it, and Nodes those of a cluster.
	One   string
	Nodes []string
	// Keys are the sizes of the sessions, in values of ValueBytes. Memory and round trips
	// are of the first size.
	Keys       []int
	ValueBytes int
	// AtOnce is how many requests are under way, of Visitors sessions in turn. Each cell has
	// Rounds samples.
	AtOnce, Visitors, Rounds int
	Sample                   time.Duration
	// Users have Each sessions.
	Users, Each int
}

// AutoPipelined is the application that shares round trips.
const AutoPipelined = UserApp + " auto_pipeline=auto"

// deployment is one server, or a cluster.
type deployment struct {
	nodes   int
	url     string
	servers []*redis.Client
}

func (c *Cluster) deployments() []*deployment {
	one := &deployment{1, oneURL(c.One), []*redis.Client{redisserver.Client(c.One)}}
	cluster := &deployment{nodes: len(c.Nodes), url: clusterURL(c.Nodes[0])}
	for _, addr := range c.Nodes {
		cluster.servers = append(cluster.servers, redisserver.Client(addr))
	}
	return []*deployment{one, cluster}
}

// clusterURL is the URL of a cluster with a node at addr.
func clusterURL(addr string) string { return "redis-cluster://" + addr }

// Take measures cost, memory and round trips.
func (c *Cluster) Take(ctx context.Context, emit func([]record.Result) error) error {
	deployments := c.deployments()
	defer func() {
		for _, d := range deployments {
			for _, server := range d.servers {
				_ = server.Close()
			}
		}
	}()
	for _, keys := range c.Keys {
		results, err := c.cost(ctx, deployments, keys)
		if err == nil {
			err = emit(results)
		}
		if err != nil {
			return err
		}
	}
	for _, d := range deployments {
		results, err := c.memory(ctx, d)
		if err == nil {
			err = emit(results)
		}
		if err != nil {
			return err
		}
	}
	// The last, because it changes the addresses to which the cluster sends its clients.
	for _, d := range deployments {
		results, err := c.trips(ctx, d)
		if err == nil {
			err = emit(results)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open opens the application on a deployment.
func (c *Cluster) open(url string, keys int, extra map[string]any) (apps.Site, error) {
	own := map[string]any{"url": url}
	for key, value := range extra {
		own[key] = value
	}
	cfg := apps.Config{Keys: keys, ValueBytes: c.ValueBytes}
	site, err := apps.OpenOurs(cfg, own)
	if err != nil {
		return nil, err
	}
	if err := apps.Check(site, cfg); err != nil {
		return nil, errors.Join(err, site.Close())
	}
	return site, nil
}

// spent is what the servers of a deployment have used so far.
type spent struct {
	at       time.Time
	cpu      []time.Duration // of each
	commands time.Duration   // of all
}

// spend reads what the servers have used. The names are those of the commands that the
// application sends itself: a script's commands are part of its time.
func (d *deployment) spend(ctx context.Context, names []string) (spent, error) {
	s := spent{at: time.Now()}
	for _, server := range d.servers {
		cpu, err := redisserver.CPU(ctx, server)
		if err != nil {
			return s, err
		}
		commands, err := redisserver.CommandTime(ctx, server, names...)
		if err != nil {
			return s, err
		}
		s.cpu = append(s.cpu, cpu)
		s.commands += commands
	}
	return s, nil
}

// since adds to a result's values what was used since an earlier count, for n requests.
func (s spent) since(before spent, n int) map[string]float64 {
	sum, most := time.Duration(0), time.Duration(0)
	for i := range s.cpu {
		used := s.cpu[i] - before.cpu[i]
		sum += used
		most = max(most, used)
	}
	return map[string]float64{
		record.ServerNs:  float64(sum) / float64(n),
		record.CommandNs: float64(s.commands-before.commands) / float64(n),
		record.Busy:      float64(most) / float64(s.at.Sub(before.at)),
	}
}

// cell is what all results have in common.
func (c *Cluster) cell(d *deployment, route string, keys, atOnce int) record.Cell {
	return record.Cell{Route: route, Via: record.ViaCall, Keys: keys, ValueBytes: c.ValueBytes, AtOnce: atOnce, Nodes: d.nodes}
}

// shares returns the shares of the servers that have the fewest keys and the most.
func (d *deployment) shares(ctx context.Context) (least, most float64, err error) {
	var counts []float64
	sum := 0.0
	for _, server := range d.servers {
		n, err := server.DBSize(ctx).Result()
		if err != nil {
			return 0, 0, fmt.Errorf("measure: %w", err)
		}
		counts, sum = append(counts, float64(n)), sum+float64(n)
	}
	least, most = 1, 0
	for _, n := range counts {
		least, most = min(least, n/sum), max(most, n/sum)
	}
	return significant(least), significant(most), nil
}
