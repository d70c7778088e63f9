package signet_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/signet"
)

// requireLate holds an error to what programs assert on.
func requireLate(t *testing.T, err error) {
	t.Helper()
	ne, ok := err.(net.Error)
	require.True(t, ok, "%v is no net.Error", err)
	require.True(t, ne.Timeout())
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// TestPastDeadline takes nothing, also where there would be something.
func TestPastDeadline(t *testing.T) {
	here, there := pair(t)
	_, err := io.WriteString(there, "message")
	require.NoError(t, err)
	p := make([]byte, 3)
	_, err = io.ReadFull(here, p)
	require.NoError(t, err)
	require.NoError(t, here.SetDeadline(time.Unix(1, 0)))
	n, err := here.Read(p)
	require.Zero(t, n)
	requireLate(t, err)
	n, err = here.Write(p)
	require.Zero(t, n)
	requireLate(t, err)
	m, err := here.ReadFrom(strings.NewReader("x"))
	require.Zero(t, m)
	requireLate(t, err)
	requireLate(t, here.Flush())
	requireLate(t, here.CloseWrite())
	require.NoError(t, here.SetDeadline(time.Time{}))
	n, err = here.Read(make([]byte, 10))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	_, err = here.Write(p)
	require.NoError(t, err, "it was not half-closed")
}

// TestWriteGoesOn: a message that times out in its middle is sent by whatever is
// called next, once, and is a message of its own.
func TestWriteGoesOn(t *testing.T) {
	for name, next := range map[string]func(c *signet.Conn) error{
		"Write":      func(c *signet.Conn) error { _, err := c.Write(nil); return err },
		"Flush":      (*signet.Conn).Flush,
		"CloseWrite": (*signet.Conn).CloseWrite,
		"Close":      (*signet.Conn).Close,
	} {
		for arrive := range 60 {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				here, there := signet.NewConn(a), signet.NewConn(b)
				got := make([]byte, arrive)
				go func() { io.ReadFull(b, got) }()
				require.NoError(t, here.SetWriteDeadline(time.Now().Add(time.Second)))
				message := []byte("a message")
				n, err := here.Write(message)
				if err != nil {
					requireLate(t, err)
					require.Equal(t, len(message), n, "all is accepted")
				}
				require.NoError(t, here.SetWriteDeadline(time.Time{}))
				rest := make(chan []byte)
				go func() {
					p := make([]byte, 1000)
					r := signet.NewConn(&prefixed{Conn: b, r: io.MultiReader(bytes.NewReader(got), b)})
					n, err := r.Read(p)
					if err != nil {
						t.Errorf("%s after %d bytes: %v", name, arrive, err)
					}
					go io.Copy(io.Discard, b)
					rest <- p[:n]
				}()
				synctest.Wait()
				require.NoError(t, next(here))
				require.Equal(t, message, <-rest, "%s after %d bytes", name, arrive)
				here.Close()
				there.Close()
			})
		}
	}
}

// prefixed reads from r.
type prefixed struct {
	net.Conn
	r io.Reader
}

func (p *prefixed) Read(b []byte) (int, error) { return p.r.Read(b) }

// TestReadFromGoesOn: what was taken from the source is accepted, however often
// the connection is late.
func TestReadFromGoesOn(t *testing.T) {
	here, there := pair(t)
	require.NoError(t, here.NetConn().(*net.TCPConn).SetWriteBuffer(8<<10))
	content := make([]byte, 4<<20)
	mathrand.NewChaCha8([32]byte{1}).Read(content)
	result := make(chan error, 1)
	go func() {
		got, err := io.ReadAll(there)
		if err == nil && !bytes.Equal(got, content) {
			err = errors.New("not what was sent")
		}
		result <- err
	}()
	source, late := bytes.NewReader(content), 0
	for total := int64(0); ; {
		require.NoError(t, here.SetWriteDeadline(time.Now().Add(200*time.Microsecond)))
		n, err := here.ReadFrom(source)
		total += n
		require.EqualValues(t, total, len(content)-source.Len())
		if err == nil {
			break
		}
		requireLate(t, err)
		late++
	}
	require.NoError(t, here.SetWriteDeadline(time.Time{}))
	require.NoError(t, here.CloseWrite())
	require.NoError(t, <-result)
	t.Logf("late %d times", late)
}

// TestTLSWriteTimeoutIsFinal: it says so and stays; reading goes on.
func TestTLSWriteTimeoutIsFinal(t *testing.T) {
	a, b := tcpPair(t)
	certificate := selfSigned(t)
	here := signet.NewConn(tls.Server(a, &tls.Config{Certificates: []tls.Certificate{certificate}}))
	// Behind a wrapper the kind of connection does not show; the error does.
	there := signet.NewConn(struct{ net.Conn }{tls.Client(b, &tls.Config{InsecureSkipVerify: true})})
	go io.WriteString(here, "hello")
	p := make([]byte, 5)
	_, err := io.ReadFull(there, p)
	require.NoError(t, err)
	noise := make([]byte, 1<<20)
	rand.Read(noise)
	for _, c := range []*signet.Conn{here, there} {
		require.NoError(t, c.SetDeadline(time.Unix(1, 0)))
		_, err := c.Write(noise)
		requireLate(t, err)
		require.True(t, err.(interface{ Temporary() bool }).Temporary(), "nothing was begun")
		_, err = c.Read(p)
		requireLate(t, err)
		require.NoError(t, c.SetDeadline(time.Time{}))
		_, err = c.Write([]byte("unharmed"))
		require.NoError(t, err)

		var final error
		for final == nil {
			require.NoError(t, c.SetWriteDeadline(time.Now().Add(10*time.Millisecond)))
			_, final = c.Write(noise)
		}
		requireLate(t, final)
		require.False(t, final.(interface{ Temporary() bool }).Temporary())
		require.ErrorContains(t, final, "nothing more can be written")
		require.NoError(t, c.SetWriteDeadline(time.Time{}))
		_, err = c.Write([]byte("x"))
		require.Equal(t, final, err)
		require.Equal(t, final, c.Flush())
		require.Equal(t, final, c.CloseWrite())
	}
	got := make([]byte, 8)
	_, err = io.ReadFull(here, got)
	require.NoError(t, err)
	require.Equal(t, "unharmed", string(got))
	a.Close() // lest it tries to say goodbye
	here.Close()
	there.Close()
	sent, _ := here.Stats()
	require.Zero(t, sent.Memory)
}

func selfSigned(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// wrapping is a connection that is late once, and says so in its own words.
type wrapping struct {
	net.Conn
	words error
	late  bool
}

func (w *wrapping) Write(p []byte) (int, error) {
	if w.late {
		return w.Conn.Write(p)
	}
	w.late = true
	return 0, w.words
}

// slow is a timeout that says no more than that.
type slow struct{}

func (slow) Error() string { return "slow" }
func (slow) Timeout() bool { return true }

// TestWrappedTimeout is one all the same: Close still says that this was all.
func TestWrappedTimeout(t *testing.T) {
	for _, timeout := range []error{os.ErrDeadlineExceeded, slow{}} {
		a, b := tcpPair(t)
		here, there := signet.NewConn(&wrapping{Conn: a, words: fmt.Errorf("tunnel 3: %w", timeout)}), signet.NewConn(b)
		n, err := io.WriteString(here, "message")
		require.ErrorIs(t, err, timeout)
		require.Equal(t, 7, n, "it is accepted")
		require.NoError(t, here.Close())
		got, err := io.ReadAll(there)
		require.NoError(t, err)
		require.Equal(t, "message", string(got))
	}
}
