package apps

import (
	"fmt"
	"io"
	"net"
	"net/http"
)

// Caller is whoever can be asked for a page: a Site, or one over the network.
type Caller interface {
	Call(route, cookie string) (Answer, error)
}

// remote asks a site over HTTP.
type remote struct{ base string }

// Remote returns a Caller for a site that serves at an address.
func Remote(addr net.Addr) Caller { return remote{"http://" + addr.String()} }

func (r remote) Call(route, cookie string) (Answer, error) {
	req, err := http.NewRequest(http.MethodGet, r.base+route, nil)
	if err != nil {
		return Answer{}, fmt.Errorf("apps: call: %w", err)
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("apps: call: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("apps: call: %w", err)
	}
	return Answer{Status: resp.StatusCode, SetCookie: resp.Header["Set-Cookie"], Body: string(body)}, nil
}
