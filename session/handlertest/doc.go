// Package handlertest is a kit for the tests of an application's own handlers that use
// sessions: visitors, time, a Redis that does not answer, another tab, and every order in
// which the commands of concurrent requests may reach Redis. It needs no server, and nothing
// sleeps.
//
//	func TestCart(t *testing.T) {
//		k := handlertest.New(t)
//		shop := newShop(k.Factory())
//		ada := k.Visitor()
//		ada.Set("user", "ada")
//		ada.Post(shop, "/cart", url.Values{"add": {"book"}})
//		if cart, _ := handlertest.Value[[]string](ada, "cart"); len(cart) != 1 {
//			t.Errorf("the cart is %q", cart)
//		}
//	}
//
// docs/testing.md shows the rest. The kit's store keeps records in memory. It passes
// [github.com/pyramidgo/redissessions/session/sessiontest.TestStore] as the connectors to
// Redis do.
package handlertest
