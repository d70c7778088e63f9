package terminal_test

import (
	"bytes"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/examples/internal/terminal"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "0.98 KiB", 1024: "1.00 KiB", 10234: "9.99 KiB", 10235: "10.0 KiB", 1023_488: "0.98 MiB",
		5 << 30: "5.00 GiB", 150 << 40: "150 TiB", math.MaxInt64: "8.00 EiB",
	} {
		require.Equal(t, want, terminal.Size(n))
		require.LessOrEqual(t, len(terminal.Size(n)), 8)
	}
}

func TestPrintable(t *testing.T) {
	require.Equal(t, "a?[2J über", terminal.Printable("a\x1b[2J über"))
}

// TestDraw: nothing of a short task, lines of a longer one, which are cleared.
func TestDraw(t *testing.T) {
	var screen bytes.Buffer
	terminal.Draw(&screen, func() string { return "half" })()
	require.Empty(t, screen.String())
	drawn := make(chan struct{}, 1000)
	stop := terminal.Draw(&screen, func() string { drawn <- struct{}{}; return "half" })
	<-drawn
	<-drawn // so the first is on the screen
	stop()
	out := screen.String()
	require.Contains(t, out, "\rhalf\rhalf\r ")
	require.Equal(t, byte('\r'), out[len(out)-1])
	time.Sleep(3 * terminal.Redraw / 2)
	require.Len(t, screen.String(), len(out), "it draws on")
	terminal.Draw(nil, nil)()
}

func TestIs(t *testing.T) {
	require.False(t, terminal.Is(os.Stat(os.DevNull)))
	require.False(t, terminal.Is(os.Stat(".")))
	require.False(t, terminal.Is(os.Stat("missing")))
}
