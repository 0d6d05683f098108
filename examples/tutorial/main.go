// Reading keeps a reading list for every visitor.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	file := flag.String("settings", "development.ini", "settings file")
	flag.Parse()
	if err := run(*addr, *file); err != nil {
		log.Fatal(err)
	}
}

func run(addr, file string) (err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	sessions, err := factory.FromFile(file,
		factory.WithErrorHandler(sessionFailed),
		factory.WithConnector("embedded", embedded.Connect)) // for embedded:// in development.ini
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sessions.Close()) }()

	server := &http.Server{Addr: addr, Handler: routes(sessions), ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(ctx) // waits for the requests under way
	}()
	log.Printf("http://%s/", addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
