// Tutorial is the application of docs/tutorial.md: a reading list for every
// visitor.
//
//	cd examples/tutorial && go run .
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/settings"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	file := flag.String("settings", "development.ini", "settings file")
	flag.Parse()
	if err := run(*addr, *file); err != nil {
		log.Fatal(err)
	}
}

func run(addr, file string) error {
	source, err := settings.Load(file)
	if err != nil {
		return err
	}
	sessions, err := factory.FromSettings(source,
		factory.WithErrorHandler(sessionFailed),
		factory.WithConnector("embedded", embedded.Connect)) // for embedded:// in development.ini
	if err != nil {
		return err
	}
	defer func() { _ = sessions.Close() }()

	server := &http.Server{
		Addr:              addr,
		Handler:           sessions.Handler(routes()),
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Printf("http://%s/", addr)
	return server.ListenAndServe()
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.HandleFunc("POST /add", add)
	mux.HandleFunc("POST /login", login)
	mux.HandleFunc("POST /logout", logout)
	csrf := new(session.CSRFProtection)
	return http.MaxBytesHandler(csrf.Handler(mux), 16<<10)
}
