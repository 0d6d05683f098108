package main

import (
	"context"
	"log"
	"net/http"

	"connectrpc.com/connect"
	"github.com/pyramidgo/redissessions/session"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// service is the path of the procedures. A generated service mounts its own.
const service = "/guestbook.v1.Guestbook/"

type (
	empty  = emptypb.Empty
	text   = wrapperspb.StringValue
	object = structpb.Struct
)

func withConnect(a *app) http.Handler {
	mux := http.NewServeMux()
	recovery := connect.WithRecover(func(_ context.Context, spec connect.Spec, _ http.Header, v any) error {
		log.Printf("%s: panic: %v", spec.Procedure, v)
		return connect.NewError(connect.CodeInternal, nil)
	})
	// A procedure without side effects may be called by GET, which needs no token.
	mux.Handle(service+"Home", connect.NewUnaryHandler(service+"Home", a.rpcHome, recovery, connect.WithIdempotency(connect.IdempotencyNoSideEffects)))
	mux.Handle(service+"Sign", connect.NewUnaryHandler(service+"Sign", a.rpcSign, recovery))
	mux.Handle(service+"Login", connect.NewUnaryHandler(service+"Login", a.rpcLogin, recovery))
	mux.Handle(service+"Logout", connect.NewUnaryHandler(service+"Logout", a.rpcLogout, recovery))
	mux.Handle(service+"Events", connect.NewServerStreamHandler(service+"Events", a.rpcEvents, recovery))
	mux.Handle(service+"Panic", connect.NewUnaryHandler(service+"Panic", a.rpcPanic, recovery))
	mux.HandleFunc("GET /socket", a.socket)
	mux.Handle("GET /slow", a.slow())

	csrf := new(session.CSRFProtection) // clients send the token in the header
	return compressed(recovered(a.sessions.Handler(csrf.Handler(mux))))
}

func (a *app) rpcHome(ctx context.Context, _ *connect.Request[empty]) (*connect.Response[object], error) {
	s, err := session.FromContext(ctx)
	if err != nil {
		return nil, err // the session's error handler answers: a client sees CodeUnavailable
	}
	p, err := home(ctx, s)
	if err != nil {
		return nil, err
	}
	messages := make([]any, len(p.Messages))
	for i, m := range p.Messages {
		messages[i] = m
	}
	o, err := structpb.NewStruct(map[string]any{
		"title": p.Title, "user": p.User, "messages": messages, "listening": p.Listening, "token": p.Token,
	})
	return connect.NewResponse(o), err
}

func (a *app) rpcSign(ctx context.Context, r *connect.Request[text]) (*connect.Response[empty], error) {
	s, err := session.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	sign(s, r.Msg.GetValue())
	return connect.NewResponse(new(empty)), nil
}

func (a *app) rpcLogin(ctx context.Context, r *connect.Request[text]) (*connect.Response[empty], error) {
	s, err := session.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(new(empty)), s.Login(ctx, r.Msg.GetValue())
}

func (a *app) rpcLogout(ctx context.Context, _ *connect.Request[text]) (*connect.Response[empty], error) {
	s, err := session.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(new(empty)), s.Invalidate(ctx)
}

func (a *app) rpcEvents(ctx context.Context, _ *connect.Request[empty], stream *connect.ServerStream[text]) error {
	s, err := session.FromContext(ctx)
	if err != nil {
		return err
	}
	s.Set("listening", true)
	a.listen(ctx, s, func(line string) error { return stream.Send(wrapperspb.String(line)) })
	return nil
}

func (a *app) rpcPanic(context.Context, *connect.Request[text]) (*connect.Response[empty], error) {
	panic("a mistake in the program")
}
