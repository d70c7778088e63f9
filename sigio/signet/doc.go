// Package signet compresses network connections: a Conn wraps a net.Conn and is
// one.
//
//	c := signet.NewConn(conn) // at both ends
//
// Both ends must agree. Where the other end may not know of compression, a
// Dialer offers it and a Listener answers: see there.
//
// What the package promises:
//
//   - Each Write leaves as one flushed message and can be read at the other end
//     without waiting for more; WithCoalescing relaxes that. A Read returns what
//     is there.
//   - A deadline that passes loses nothing, in either direction: a Write that
//     timed out returns how much it accepted, and that is sent by the next call.
//   - The clean end of the other side is io.EOF. One that is missing, because
//     the connection broke or was cut, is io.ErrUnexpectedEOF to errors.Is.
//   - No byte is handed out before the check of its message has passed. How much
//     the other end may have this one decompress is limited, see WithMaxMessage
//     and WithMaxOutput.
//   - Nothing bypasses compression: neither net.Buffers, each element of which
//     is a message, nor io.Copy.
//   - No goroutines, but for a moment when the delay of WithCoalescing ends, and
//     those of Listener.Accept.
//   - An idle Conn keeps two histories, of 16 KiB each by default, and at most
//     16 KiB more in each direction.
//
// A Conn may be used by several goroutines at once. Writes, flushes and closes
// take turns, as do reads.
//
// # What differs from a plain connection
//
// A Write that reports a timeout may have accepted all of its bytes. Repeat it
// with the rest, as with any io.Writer; with none left, Write(nil) and Flush
// send what is due.
//
// A TLS connection cannot go on after a timeout while writing. The error then
// says so, is a net.Error all the same, and is returned by all later writes.
//
// Close tells the other end that this was all, which takes some bytes and may
// take a while; a Close during a Write does not, so that it can interrupt it,
// as in package crypto/tls. Bytes that arrive for a connection that is closed make TCP
// reset it, and what was sent last may then be lost: that can be the other
// end's own end. Where both sides talk to the end, read until io.EOF before
// Close.
//
// # Secrets
//
// How long a message becomes tells what it has in common with those before it
// in the same direction. Do not send secrets and text that others chose over
// the same Conn: see sigio.WithHistory. Compression belongs inside encryption,
// so wrap a tls.Conn, not what is beneath it.
package signet
