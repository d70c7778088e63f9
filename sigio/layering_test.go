package sigio_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/sigmalang/sigma"

// mayImport is the house: what each package may see of the others. A package
// that is not listed is a program or a test and may see all.
var mayImport = map[string][]string{
	"/sigio/internal/frame": {},
	"/glyph":                {},
	"/pool":                 {},
	"/internal/buffers":     {"/pool"},
	"/internal/freelist":    {},
	"/internal/entropy":     {},
	"/internal/lag":         {},
	"/strategy/delta":       {"/internal/entropy", "/internal/lag"},
	"/strategy/branch":      {},
	"/strategy":             {"/internal/entropy", "/internal/buffers", "/internal/lag", "/internal/freelist", "/glyph", "/pool", "/strategy/branch", "/strategy/delta"},
	"/sigio":                ofSigio,
	"/sigio/signet":         append([]string{"/sigio"}, ofSigio...),
	"/sigio/sighttp":        append([]string{"/sigio"}, ofSigio...),
}

var ofSigio = []string{"/internal/entropy", "/internal/buffers", "/internal/lag", "/internal/freelist", "/sigio/internal/frame", "/strategy", "/strategy/branch", "/strategy/delta", "/glyph", "/pool"}

// mayDependOn are the modules that a program which wraps files links.
var mayDependOn = []string{module, "github.com/klauspost/compress", "github.com/pierrec/lz4/v4"}

func TestImportsPointDownward(t *testing.T) {
	for importer, allowed := range mayImport {
		if !packageExists(t, importer) {
			continue
		}
		for _, dep := range deps(t, module+importer) {
			path, ours := strings.CutPrefix(dep, module)
			if !ours || path == importer {
				continue
			}
			require.Contains(t, allowed, path, "%s imports %s", importer, path)
		}
	}
}

func TestNothingElseIsLinked(t *testing.T) {
	for _, dep := range deps(t, module+"/sigio") {
		first, _, _ := strings.Cut(dep, "/")
		if !strings.Contains(first, ".") {
			require.NotEqual(t, "net", first, "sigio links package net")
			continue
		}
		require.True(t, belongsTo(dep, mayDependOn), "sigio links %s", dep)
	}
}

// TestOnlyHTTPLinksHTTP: programs that wrap files or connections are spared it.
func TestOnlyHTTPLinksHTTP(t *testing.T) {
	for _, pkg := range []string{"/sigio/signet", "/examples/sigcat", "/examples/logship"} {
		if !packageExists(t, pkg) {
			continue
		}
		for _, dep := range deps(t, module+pkg) {
			require.NotEqual(t, "net/http", dep, "%s links it", pkg)
			if pkg == "/examples/sigcat" {
				require.NotEqual(t, "net", dep, "%s links it", pkg)
			}
		}
	}
}

func belongsTo(pkg string, modules []string) bool {
	for _, m := range modules {
		if pkg == m || strings.HasPrefix(pkg, m+"/") {
			return true
		}
	}
	return false
}

// packageExists spares the parts of the house that are not built yet.
func packageExists(t *testing.T, path string) bool {
	out, err := exec.Command("go", "list", module+"/...").Output()
	require.NoError(t, err)
	for _, p := range strings.Fields(string(out)) {
		if p == module+path {
			return true
		}
	}
	return false
}

func deps(t *testing.T, pkg string) []string {
	out, err := exec.Command("go", "list", "-deps", pkg).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.Fields(string(out))
}
