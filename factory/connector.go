package factory

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/gomodule/redigo/redis"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/settings"
)

const (
	// defaultConnector is what the settings mean when they name none.
	defaultConnector = "goredis"
	// embeddedConnector is what an embedded:// URL means. It is no built-in, because
	// every program would then carry a Redis and a Lua interpreter.
	embeddedConnector = "embedded"
)

// errNoEmbedded is returned for settings that ask for the embedded Redis, to a
// program that has not added it.
var errNoEmbedded = errors.New(`this program has no embedded Redis; add the option factory.WithConnector("embedded", embedded.Connect), with package github.com/pyramidgo/redissessions/connect/embedded`)

// connectorName is the connector that the settings name, or when they name
// none, the one that their URL or their registered client is for.
func connectorName(o *settings.Options, co connect.Options) string {
	if o.CustomConnect != "" && o.CustomConnect != defaultConnector {
		return o.CustomConnect
	}
	if _, isPool := co.Client.(*redis.Pool); isPool {
		return "redigo"
	}
	if strings.HasPrefix(strings.ToLower(co.URL), "embedded:") {
		return embeddedConnector
	}
	return defaultConnector
}

// findConnector looks up the connector for the settings, and checks their URL
// where the connector is one that uses connect.ParseURL.
func (c *config) findConnector(l *lookups, o *settings.Options, co connect.Options) (con connector) {
	name := connectorName(o, co)
	all := c.allConnectors()
	if _, added := all[name]; name == embeddedConnector && !added {
		key := "custom_connect"
		if o.CustomConnect != embeddedConnector {
			key = "url"
		}
		l.unregistered = append(l.unregistered, located(l.src, key, errNoEmbedded))
		return con
	}
	lookUp(l, &all, "connector", "custom_connect", name, &con)
	if (con.builtIn || name == embeddedConnector) && co.URL != "" {
		if _, err := connect.ParseURL(co.URL); err != nil {
			l.fail("url", errors.Unwrap(err)) // the key says what "connect: url" does
		}
	}
	return con
}

// allConnectors returns the registry's connectors and those of WithConnector.
func (c *config) allConnectors() names[connector] {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	all := names[connector]{}
	maps.Copy(all, c.registry.connectors)
	maps.Copy(all, c.connectors.connectors)
	return all
}

// checkConnectors panics when the registry has a name of WithConnector too.
func (c *config) checkConnectors() {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	for name := range c.connectors.connectors {
		if _, taken := c.registry.connectors[name]; taken {
			panic(fmt.Sprintf("factory: the connector %q is registered already", name))
		}
	}
}
