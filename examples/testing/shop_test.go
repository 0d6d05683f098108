package shop

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/handlertest"
	"github.com/pyramidgo/redissessions/settings"
)

func TestAddToCart(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	ada.Post(shop, "/cart", url.Values{"add": {"book"}})
	if cart, _ := handlertest.Value[[]string](ada, "cart"); !slices.Equal(cart, []string{"book"}) {
		t.Errorf("the cart holds %q", cart)
	}
}

func TestFlash(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	resp := ada.Do(shop, form("/cart", "add=book"))
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/cart" {
		t.Errorf("status %d, Location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	if f := ada.Flashes(""); len(f) != 1 || f[0] != "book is in your cart" {
		t.Errorf("the messages are %q", f)
	}
	if page := body(ada.Get(shop, "/cart")); !strings.HasPrefix(page, "book is in your cart") {
		t.Errorf("the page is %q", page)
	}
	if f := ada.Flashes(""); len(f) != 0 {
		t.Errorf("the message is there again: %q", f)
	}
}

func form(target, text string) *http.Request {
	r := httptest.NewRequest("POST", target, strings.NewReader(text))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func body(resp *http.Response) string {
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

func TestFormOfAnotherSite(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	r := form("/cart", "add=book")
	r.Header.Set("X-CSRF-Token", "a guess")
	if resp := ada.Do(shop, r); resp.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestSessionEnds(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	k.Advance(19 * time.Minute)
	if resp := ada.Get(shop, "/cart"); resp.StatusCode != http.StatusOK {
		t.Errorf("after 19 minutes: status %d", resp.StatusCode)
	}
	k.Advance(21 * time.Minute)
	if resp := ada.Get(shop, "/cart"); resp.Header.Get("Location") != "/login" {
		t.Errorf("after 21 minutes without a request the visitor is still logged in")
	}
}

func TestSessionEndsInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := handlertest.New(t)
		shop := newShop(k.Factory())
		ada := k.Visitor()
		ada.Set("user", "ada")
		<-time.After(21 * time.Minute) // at once: the time is the bubble's
		if resp := ada.Get(shop, "/cart"); resp.Header.Get("Location") != "/login" {
			t.Errorf("after 21 minutes without a request the visitor is still logged in")
		}
	})
}

func TestRedisIsDown(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	k.Down()
	if resp := ada.Get(shop, "/cart"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", resp.StatusCode)
	}
	k.Up()
	if resp := ada.Get(shop, "/cart"); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestTwoTabs(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	k.Meanwhile(ada, func() { ada.Post(shop, "/cart", url.Values{"add": {"pen"}}) })
	ada.Post(shop, "/cart", url.Values{"add": {"book"}})
	if cart, _ := handlertest.Value[[]string](ada, "cart"); !slices.Equal(cart, []string{"pen", "book"}) {
		t.Errorf("the cart holds %q", cart)
	}
}

func TestLogoutInAnotherTab(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	k.Meanwhile(ada, ada.Logout)
	if resp := ada.Post(shop, "/cart", url.Values{"add": {"book"}}); resp.StatusCode != http.StatusConflict {
		t.Errorf("status %d", resp.StatusCode)
	}
	if ada.Session()["user"] != nil {
		t.Error("the slow request has undone the logout")
	}
}

func TestRoundTrips(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	before := k.RoundTrips()
	ada.Get(shop, "/cart")
	if n := k.RoundTrips() - before; n != 1 {
		t.Errorf("%d round trips to Redis", n)
	}
}

func TestVisits(t *testing.T) {
	k := handlertest.New(t)
	shop := newShop(k.Factory())
	visit := handlertest.Post(shop, "/visit-counted", nil)
	k.Interleave(200, visit, visit, visit).Check(func(run *handlertest.Run) error {
		if n := run.Visitor.Session()["visits"]; n != 3 {
			return fmt.Errorf("3 requests, and visits is %v", n)
		}
		return nil
	})
}

func TestOwnOptions(t *testing.T) {
	k := handlertest.New(t, handlertest.WithOptions(session.Options{
		IdleTimeout: time.Hour,
		Users:       &session.UserOptions{},
	}))
	ada, bob := k.Visitor(), k.Visitor()
	ada.Login("ada")
	bob.Login("bob")
	if _, err := k.Factory().EndAll(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if ada.User() != "" || bob.User() != "bob" {
		t.Errorf("the users are %q and %q", ada.User(), bob.User())
	}
}

func TestOwnSettings(t *testing.T) {
	src, err := settings.Load("testing.ini")
	if err != nil {
		t.Fatal(err)
	}
	k := handlertest.New(t, handlertest.WithSettings(src))
	shop := newShop(k.Factory())
	ada := k.Visitor()
	ada.Set("user", "ada")
	k.Advance(6 * time.Minute)
	if resp := ada.Get(shop, "/cart"); resp.Header.Get("Location") != "/login" {
		t.Errorf("a timeout of 300 seconds has not ended the session")
	}
}
