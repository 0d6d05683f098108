package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/pyramidgo/redissessions/session"
)

type (
	humaPage struct{ Body page }
	humaName struct {
		Body struct {
			Name string `json:"name"`
		}
	}
	humaRedirect struct {
		Location string `header:"Location"`
	}
)

func withHuma(a *app) http.Handler {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Guestbook", "1"))

	huma.Get(api, "/", func(ctx context.Context, _ *struct{}) (*humaPage, error) {
		s, err := session.FromContext(ctx)
		if err != nil {
			return nil, err // the session's error handler answers, and not huma's
		}
		p, err := home(ctx, s)
		return &humaPage{p}, err
	})
	huma.Post(api, "/sign", func(ctx context.Context, in *humaName) (*humaRedirect, error) {
		s, err := session.FromContext(ctx)
		if err != nil {
			return nil, err
		}
		sign(s, in.Body.Name)
		return &humaRedirect{"/"}, nil
	}, seeOther)
	huma.Post(api, "/login", func(ctx context.Context, in *humaName) (*humaRedirect, error) {
		s, err := session.FromContext(ctx)
		if err != nil {
			return nil, err
		}
		return &humaRedirect{"/"}, s.Login(ctx, in.Body.Name)
	}, seeOther)
	huma.Post(api, "/logout", func(ctx context.Context, _ *struct{}) (*humaRedirect, error) {
		s, err := session.FromContext(ctx)
		if err != nil {
			return nil, err
		}
		return &humaRedirect{"/"}, s.Invalidate(ctx)
	}, seeOther)
	huma.Get(api, "/events", func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		s, err := session.FromContext(ctx)
		if err != nil {
			return nil, err
		}
		s.Set("listening", true)
		return &huma.StreamResponse{Body: func(c huma.Context) {
			c.SetHeader("Content-Type", "text/event-stream")
			w := c.BodyWriter()
			a.listen(ctx, s, func(line string) error {
				fmt.Fprintf(w, "data: %s\n\n", line)
				return http.NewResponseController(w.(http.ResponseWriter)).Flush()
			})
		}}, nil
	})
	huma.Get(api, "/panic", func(context.Context, *struct{}) (*humaPage, error) { panic("a mistake in the program") })
	mux.HandleFunc("GET /socket", a.socket)
	mux.Handle("GET /slow", a.slow())

	csrf := new(session.CSRFProtection) // an API sends the token in the header
	return compressed(recovered(a.sessions.Handler(csrf.Handler(mux))))
}

func seeOther(o *huma.Operation) { o.DefaultStatus = http.StatusSeeOther }
