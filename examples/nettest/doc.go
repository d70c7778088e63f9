// Package nettest holds signet.Conn to what golang.org/x/net/nettest asks of
// every net.Conn. It is a module of its own, so that the toolkit need not depend
// on that.
package nettest
