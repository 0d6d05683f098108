// Package linearizable holds no code but tests: visitors with several tabs send
// random requests to several processes of an application, and porcupine looks
// for an order of the requests that explains all that they saw.
package linearizable
