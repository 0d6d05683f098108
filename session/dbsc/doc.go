// Package dbsc binds sessions to the browser in which their user logged in, by the W3C's
// Device Bound Session Credentials: a browser that has them makes a key pair which does
// not leave the machine, and proves every few minutes that it still has it. The session's
// cookie alone opens a bound session no more, so that one that was stolen is of no use on
// another machine once the short-lived second cookie is over.
//
//	sessions, err := session.NewFactory(store, &session.Options{
//		Secret:      secret,
//		DeviceBound: dbsc.Options{},
//	})
//
// From then on Session.Login offers the browser to register, and Factory.Handler answers
// what the browser sends by itself: the application changes nothing. Browsers without
// it ignore the offer, and their sessions stay as they were, unless Options.Required says
// otherwise.
//
// The draft is not finished, and neither is this package's interface: it is experimental.
package dbsc
