// Command frameworks runs one small application under a web framework of your
// choice:
//
//	go run . -framework chi
package main

import (
	"flag"
	"log"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/settings"
)

// frameworks are those that make an http.Handler: all but fiber.
var frameworks = map[string]func(*app) http.Handler{
	"net/http":    netHTTP,
	"chi":         withChi,
	"gorilla/mux": withGorillaMux,
	"echo":        withEcho,
	"gin":         withGin,
	"huma":        withHuma,
	"connect-go":  withConnect,
}

func main() {
	names := strings.Join(append(slices.Sorted(maps.Keys(frameworks)), "fiber"), ", ")
	name := flag.String("framework", "net/http", "one of "+names)
	address := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	flag.Parse()

	sessions, err := factory.FromSettings(settings.Map{
		"redis.sessions.secret": "change-me-this-is-the-documented-example",
		"redis.sessions.debug":  "true",
		"redis.sessions.url":    "embedded://",
	}, factory.WithConnector("embedded", embedded.Connect))
	if err != nil {
		log.Fatal(err)
	}
	a := &app{sessions: sessions, tick: time.Tick(time.Minute), limit: 5 * time.Second}
	log.Printf("%s on http://%s/", *name, *address)
	if *name == "fiber" {
		log.Fatal(withFiber(a).Listen(*address, fiber.ListenConfig{DisableStartupMessage: true}))
	}
	handler, ok := frameworks[*name]
	if !ok {
		log.Fatalf("there is no %q; choose one of %s", *name, names)
	}
	log.Fatal(http.ListenAndServe(*address, handler(a)))
}
