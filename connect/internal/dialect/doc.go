// Package dialect is what our connectors say to Redis and how they understand
// its answers: the scripts, the times to live, and the meaning of an error.
package dialect
