package redisserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster is a Redis Cluster of primaries, without replicas, on 127.0.0.1.
type Cluster struct {
	Nodes []*Server
	dir   string
}

// slots is how many of them a cluster has.
const slots = 16384

// StartCluster starts a cluster of n nodes, all of them on one core. It wants Redis 7.0 or
// later.
func StartCluster(ctx context.Context, core, n int) (*Cluster, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	c := &Cluster{}
	if c.dir, err = os.MkdirTemp("", "bench-cluster-*"); err != nil {
		return nil, fmt.Errorf("redisserver: %w", err)
	}
	err = c.start(ctx, program, core, n)
	if err == nil {
		err = know(ctx, c.Addrs(), c.Addrs())
	}
	if err != nil {
		c.Stop()
		return nil, fmt.Errorf("redisserver: cluster: %w", err)
	}
	return c, nil
}

// start starts the nodes, and lets the first one meet the others.
func (c *Cluster) start(ctx context.Context, program string, core, n int) error {
	for i := range n {
		bus, err := freePort()
		if err != nil {
			return err
		}
		node, err := start(ctx, []string{program}, core, []string{
			"--cluster-enabled", "yes", "--cluster-port", bus, "--dir", c.dir,
			"--cluster-config-file", filepath.Join(c.dir, "nodes-"+strconv.Itoa(i)+".conf"),
		})
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, node)
		host, port, _ := net.SplitHostPort(node.Addr)
		err = errors.Join(
			on(node.Addr, func(client *redis.Client) error {
				return errors.Join(
					client.Do(ctx, "cluster", "set-config-epoch", i+1).Err(),
					client.ClusterAddSlotsRange(ctx, slots*i/n, slots*(i+1)/n-1).Err(),
				)
			}),
			on(c.Nodes[0].Addr, func(client *redis.Client) error {
				if i == 0 {
					return nil
				}
				return client.Do(ctx, "cluster", "meet", host, port, bus).Err()
			}),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// on calls f with a client of a node.
func on(addr string, f func(*redis.Client) error) error {
	client := Client(addr)
	defer func() { _ = client.Close() }()
	return f(client)
}

// know waits until every node says that the cluster is well and that its slots are at the
// given addresses.
func know(ctx context.Context, nodes, addrs []string) error {
	ctx, cancel := context.WithTimeout(ctx, 6*startTimeout)
	defer cancel()
	for _, node := range nodes {
		err := on(node, func(client *redis.Client) error {
			for {
				err := knows(ctx, client, addrs)
				if err == nil {
					return nil
				}
				select {
				case <-ctx.Done():
					return err
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func knows(ctx context.Context, client *redis.Client, addrs []string) error {
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return errors.New("a node does not find the cluster well")
	}
	shards, err := client.ClusterShards(ctx).Result()
	if err != nil {
		return err
	}
	at := map[string]bool{}
	for _, shard := range shards {
		for _, node := range shard.Nodes {
			at[net.JoinHostPort(node.IP, strconv.FormatInt(node.Port, 10))] = true
		}
	}
	for _, addr := range addrs {
		if !at[addr] {
			return fmt.Errorf("a node does not know of %s", addr)
		}
	}
	return nil
}

// Announce makes the nodes of a cluster send clients to other addresses of 127.0.0.1, in
// the same order, which are those of proxies.
func Announce(ctx context.Context, nodes, addrs []string) error {
	for i, node := range nodes {
		_, port, err := net.SplitHostPort(addrs[i])
		if err == nil {
			err = on(node, func(client *redis.Client) error { return client.ConfigSet(ctx, "cluster-announce-port", port).Err() })
		}
		if err != nil {
			return fmt.Errorf("redisserver: announce: %w", err)
		}
	}
	if err := know(ctx, nodes, addrs); err != nil {
		return fmt.Errorf("redisserver: announce: %w", err)
	}
	return nil
}

// Addrs returns where the nodes listen.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, node := range c.Nodes {
		addrs = append(addrs, node.Addr)
	}
	return addrs
}

// Stop ends the nodes.
func (c *Cluster) Stop() {
	for _, node := range c.Nodes {
		node.Stop()
	}
	_ = os.RemoveAll(c.dir)
}
