package outfile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWrite: a file is as it was, or complete; nothing else is left.
func TestWrite(t *testing.T) {
	broken := errors.New("broken")
	for _, v := range []struct {
		name   string
		before string // "" for no file
		write  func(w io.Writer, cancel func()) error
		want   error
	}{
		{"new", "", func(io.Writer, func()) error { return nil }, nil},
		{"replaced", "old", func(io.Writer, func()) error { return nil }, nil},
		{"nothing is left of what failed", "", func(io.Writer, func()) error { return broken }, broken},
		{"what failed replaces nothing", "old", func(io.Writer, func()) error { return broken }, broken},
		{"what a signal stopped replaces nothing", "old", func(_ io.Writer, cancel func()) error { cancel(); return nil }, context.Canceled},
	} {
		t.Run(v.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "page.html")
			want := map[string]string{}
			if v.before != "" {
				require.NoError(t, os.WriteFile(name, []byte(v.before), 0o600))
				want["page.html"] = v.before
			}
			if v.want == nil {
				want["page.html"] = "new"
			}
			ctx, cancel := context.WithCancel(t.Context())
			err := new(Files).Write(ctx, name, func(w io.Writer) error {
				_, err := io.WriteString(w, "new")
				return errors.Join(err, v.write(w, cancel))
			})
			require.ErrorIs(t, err, v.want)
			got := map[string]string{}
			for _, e := range must(os.ReadDir(dir)) {
				got[e.Name()] = string(must(os.ReadFile(filepath.Join(dir, e.Name()))))
			}
			require.Equal(t, want, got)
		})
	}
}

// TestErrorNamesTheFile, not the temporary one.
func TestErrorNamesTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "missing", "page.html")
	err := new(Files).Write(t.Context(), name, func(io.Writer) error { return nil })
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, name)
}

// TestAbandon waits for the file at work, which then does not appear.
func TestAbandon(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var f Files
	working := make(chan struct{})
	go func() {
		_ = f.Write(ctx, filepath.Join(dir, "page.html"), func(io.Writer) error {
			close(working)
			<-ctx.Done()
			return nil
		})
	}()
	<-working
	cancel()
	f.Abandon()
	require.Empty(t, must(os.ReadDir(dir)))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
