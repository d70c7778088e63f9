package signet

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

// An Option configures a Conn, Dialer or Listener.
type Option func(*config)

// WithWriterOptions configures what is sent, beyond the package's own default:
// a history of 16 KiB. For the chunk size there is WithChunkSize.
func WithWriterOptions(opts ...sigio.WriterOption) Option {
	return func(c *config) { c.writer = append(c.writer, opts...) }
}

// WithReaderOptions configures what is received.
func WithReaderOptions(opts ...sigio.ReaderOption) Option {
	return func(c *config) { c.reader = append(c.reader, opts...) }
}

// WithChunkSize limits the messages that are sent: a longer Write travels as
// several. The default is 256 KiB; less is taken where a Listener or Dialer
// said that it accepts less.
func WithChunkSize(n int) Option { return func(c *config) { c.chunk = n } }

// WithTransportChecks leaves the check of single messages, 3 bytes each, to what
// is beneath: TLS finds any damage, TCP most. See sigio.WithTransportChecks. At
// both ends of NewConn it must be given or not; a Dialer and a Listener do
// without the checks if both were given it.
func WithTransportChecks() Option { return func(c *config) { c.transport = true } }

// WithCoalescing lets what is written wait for more, to be sent as one message:
// at most for the delay, and until it has size bytes. Flush sends it at once.
// An error of sending it after the delay is returned by the next call.
func WithCoalescing(delay time.Duration, size int) Option {
	return func(c *config) { c.delay, c.size, c.coalesce = delay, size, true }
}

// WithMaxMessage refuses messages of more than n bytes, encoded or not, with
// sigio.ErrTooLarge, before anything is allocated for them, and histories of
// more than both n and 64 KiB. It bounds the memory of a Conn. The default is
// 1 MiB. It must not be less than the other end's WithChunkSize, which a Dialer
// and a Listener see to, nor than its history.
func WithMaxMessage(n int) Option { return func(c *config) { c.maxMessage = n } }

// WithMaxOutput limits what the other end may send, decompressed, until
// Conn.Trust is called: Read returns sigio.ErrTooLarge instead of more than n
// bytes in all. The default is no limit.
func WithMaxOutput(n int64) Option { return func(c *config) { c.maxOutput = n } }

// WithNegotiationTimeout limits how long a Dialer waits for an answer and a
// Listener for an offer. The default is 2 s.
func WithNegotiationTimeout(d time.Duration) Option { return func(c *config) { c.patience = d } }

// WithoutFallback has a Dialer and a Listener refuse to go on without
// compression.
func WithoutFallback() Option { return func(c *config) { c.strict = true } }

const (
	defaultChunk      = 256 << 10
	defaultMaxMessage = 1 << 20
	defaultPatience   = 2 * time.Second

	// closePatience limits how long Close tries to send what is pending and
	// the end; the same as that of crypto/tls.
	closePatience = 5 * time.Second
)

type config struct {
	writer []sigio.WriterOption
	reader []sigio.ReaderOption

	transport bool
	chunk     int
	peerMax   int // what the other end accepts; 0 if it did not say
	coalesce  bool
	delay     time.Duration
	size      int

	maxMessage int
	maxOutput  int64

	patience time.Duration
	strict   bool
}

func newConfig(opts []Option) config {
	c := config{chunk: defaultChunk, maxMessage: defaultMaxMessage, maxOutput: math.MaxInt64, patience: defaultPatience}
	for _, o := range opts {
		if o != nil {
			o(&c)
		}
	}
	return c
}

func (c *config) validate() error {
	switch {
	case c.coalesce && (c.delay <= 0 || c.size < 1):
		return fmt.Errorf("signet: coalescing for %v and %d bytes: both must be positive", c.delay, c.size)
	case c.maxMessage < sigio.MinChunkSize:
		return fmt.Errorf("signet: maximal message of %d bytes is less than %d", c.maxMessage, sigio.MinChunkSize)
	case c.maxOutput < 0:
		return fmt.Errorf("signet: maximal output %d is negative", c.maxOutput)
	case c.patience <= 0:
		return fmt.Errorf("signet: negotiation timeout %v is not positive", c.patience)
	}
	return nil
}

func (c *config) newWriter(dst io.Writer) *sigio.Writer {
	chunk := c.chunk
	if c.peerMax > 0 {
		chunk = min(chunk, c.peerMax)
	}
	opts := append([]sigio.WriterOption{sigio.WithHistory(sigio.MinHistory)}, c.writer...)
	if c.transport {
		opts = append(opts, sigio.WithTransportChecks())
	}
	return sigio.NewWriter(dst, append(opts, sigio.WithChunkSize(chunk))...)
}

func (c *config) newReader(src io.Reader) *sigio.Reader {
	opts := append([]sigio.ReaderOption{sigio.WithMaxChunk(c.maxMessage)}, c.reader...)
	if c.transport {
		opts = append(opts, sigio.WithTransportChecks())
	}
	return sigio.NewReader(src, append(opts, sigio.WithSingleStream())...)
}
