// Migrating is the code of docs/migrating.md: what a Pyramid application with
// pyramid_redis_sessions becomes in Go. It only shows how the parts are put
// together; ../guestbook is an application.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

func main() {
	source, err := settings.Load("development.ini")
	if err != nil {
		log.Fatal(err)
	}
	app := &application{settings: source}
	connections := &connections{open: goredis.Connect}
	if err := factory.Include(app, factory.WithRegistry(registry(connections))); err != nil {
		log.Fatal(err)
	}
	app.OnShutdown(connections.close)
	log.Print("http://127.0.0.1:6543/")
	err = http.ListenAndServe("127.0.0.1:6543", app.handler(http.HandlerFunc(view)))
	app.shutDown()
	log.Fatal(err)
}

// registry holds what the settings file can name.
func registry(c *connections) *factory.Registry {
	r := factory.NewRegistry() // the built-in names are in it
	r.ConnectRequest("my_connection", c.connect)
	r.Encode("my_encoder", encrypted.Encode)
	r.Decode("my_decoder", encrypted.Decode)
	return r
}

func view(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r) // request.session
	if err != nil {
		return
	}
	s.Set("hello", "world")
	fmt.Fprintln(w, s.Keys())
}
