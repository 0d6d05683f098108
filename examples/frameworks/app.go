package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// app is what the programs share: their sessions, and what they do with one. Each
// framework's file has the rest.
type app struct {
	sessions *session.Factory
	// tick says when a stream and a websocket send something. A program gives it a
	// time.Ticker's channel.
	tick <-chan time.Time
	// limit is how long the slow page may take.
	limit time.Duration
}

// page is what the home page shows, as JSON.
type page struct {
	Title     string   `json:"title"`
	User      string   `json:"user"`
	Messages  []string `json:"messages"`
	Listening bool     `json:"listening"`
	Token     string   `json:"token"`
}

const title = "A guestbook: sign it and find your message on the next page, log in and get another session ID, or open the events in a second tab and watch them end when you log out here"

// home makes the home page of a session.
func home(ctx context.Context, s *session.Session) (p page, err error) {
	p.Title = title
	p.User = s.User()
	p.Listening, _ = session.Value[bool](s, "listening")
	p.Messages = session.PopFlash[string](s, "")
	p.Token, err = s.CSRFToken(ctx)
	return p, err
}

// sign leaves a message for the next page.
func sign(s *session.Session, name string) { s.Flash("", "Thank you, "+name) }

// listen goes on until the session ends, or the client leaves. Between the ticks the
// visitor may be anywhere: Touch keeps the session alive, and returns an error when it
// has ended, or when it could not be saved and the error page was sent.
func (a *app) listen(ctx context.Context, s *session.Session, send func(line string) error) {
	for n := 1; ; n++ {
		if send(fmt.Sprintf("still here %d", n)) != nil {
			return
		}
		if n == 1 && s.Touch(ctx) != nil {
			return
		}
		select {
		case <-a.tick:
		case <-ctx.Done():
			return
		}
		if s.Touch(ctx) != nil {
			return
		}
	}
}
