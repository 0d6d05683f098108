package connect

import (
	"context"
	"net/http"

	"github.com/pyramidgo/redissessions/session"
)

// Func is a connector: it opens a store once, when the program starts. The
// session factory that it is opened for closes it.
//
// A Func that cannot serve what the options ask for (a Mode it does not know)
// returns an error rather than something else.
type Func func(ctx context.Context, o Options) (session.Store, error)

// RequestFunc is a connector that is asked for every request that uses its
// session: the custom_connect of the settings, which in Pyramid takes the
// request too. It returns a store that it opened earlier, or opens one and
// keeps it; it is called often and by many goroutines. Whoever opened the
// stores closes them.
type RequestFunc func(r *http.Request, o Options) (session.Store, error)
