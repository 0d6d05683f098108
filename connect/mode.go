package connect

import "strconv"

// Mode is how Redis is deployed. It is always named: a list of one address
// can be one server, one sentinel, or one node of a cluster.
type Mode int

const (
	// Single is one server. It is the default.
	Single Mode = iota
	// Sentinel is a primary that Redis Sentinel watches and replaces.
	Sentinel
	// Cluster is Redis Cluster.
	Cluster
	// Embedded is a Redis inside this process; see connect/embedded.
	Embedded
)

// String returns the mode's name.
func (m Mode) String() string {
	switch m {
	case Single:
		return "single"
	case Sentinel:
		return "sentinel"
	case Cluster:
		return "cluster"
	case Embedded:
		return "embedded"
	default:
		return "mode " + strconv.Itoa(int(m))
	}
}

// AutoPipeline says whether the commands of concurrent requests share round
// trips. Only connect/goredis can do that.
type AutoPipeline int

const (
	// AutoPipelineAuto sends a command by itself while few are under way and
	// together with others while many are, where the connector and the client can
	// do that. It is the default.
	AutoPipelineAuto AutoPipeline = iota
	// AutoPipelineOff sends every command by itself.
	AutoPipelineOff
	// AutoPipelineOn always lets commands share. One request at a time is then
	// slower than with the others.
	AutoPipelineOn
)

// String returns the word that the settings use.
func (a AutoPipeline) String() string {
	switch a {
	case AutoPipelineAuto:
		return "auto"
	case AutoPipelineOff:
		return "off"
	case AutoPipelineOn:
		return "on"
	default:
		return "auto_pipeline " + strconv.Itoa(int(a))
	}
}
