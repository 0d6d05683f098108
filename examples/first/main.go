// First is the program of README.md: it counts how often a visitor has come.
//
//	cd examples/first && go run .
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/factory"
	"github.com/pyramidgo/redissessions/session"
)

func main() {
	sessions, err := factory.FromFile("development.ini",
		factory.WithConnector("embedded", embedded.Connect)) // a Redis inside the program
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /{$}", hello)
	log.Print("http://127.0.0.1:8080/")
	log.Print(http.ListenAndServe("127.0.0.1:8080", sessions.Handler(http.DefaultServeMux)))
}

func hello(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromRequest(r)
	if err != nil {
		return // the Handler answers: 503 when Redis is down
	}
	session.Modify(s, "visits", func(n int) int { return n + 1 })
	n, _ := session.Value[int](s, "visits")
	fmt.Fprintf(w, "visit %d\n", n)
}
