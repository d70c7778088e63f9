// Package terminal is what programs tell people who look on.
package terminal

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"
)

// Columns is one less than the narrowest terminal in use has, so that no line of
// that length wraps.
const Columns = 79

// Redraw is how long a line stands.
const Redraw = 100 * time.Millisecond

// Draw has line drawn over and over until stop is called, which clears it and
// returns when that is done. line is called on another goroutine. A task shorter
// than Redraw draws nothing, nor does any where screen is nil.
func Draw(screen io.Writer, line func() string) (stop func()) {
	if screen == nil {
		return func() {}
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(Redraw)
		defer tick.Stop()
		for drawn := false; ; drawn = true {
			select {
			case <-tick.C:
				fmt.Fprint(screen, "\r"+line())
			case <-quit:
				if drawn {
					Clear(screen)
				}
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// Clear removes the line that is there.
func Clear(screen io.Writer) { fmt.Fprintf(screen, "\r%*s\r", Columns, "") }

// Is takes what Stat returns. It reports whether that is a character device
// other than the null device, which is as near as the standard library comes.
func Is(info fs.FileInfo, err error) bool {
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// Printable replaces what would move the cursor.
func Printable(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '?'
	}, s)
}

// Size gives a number of bytes in at most 8 characters, with three digits.
func Size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n)
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} {
		f /= 1024
		switch {
		case f < 9.995:
			return fmt.Sprintf("%.2f %s", f, unit)
		case f < 99.95:
			return fmt.Sprintf("%.1f %s", f, unit)
		case f < 999.5:
			return fmt.Sprintf("%.0f %s", f, unit)
		}
	}
	return "-" // more than any int64
}
