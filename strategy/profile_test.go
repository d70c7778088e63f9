package strategy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClassNames(t *testing.T) {
	for class, want := range map[Class]string{
		ClassUnknown:          "unknown",
		ClassHighlyRepetitive: "highly repetitive",
		ClassRandomBinary:     "random or binary",
		ClassMixedStructured:  "mixed structured",
		ClassTextLike:         "text-like",
		ClassDeltaFriendly:    "delta-friendly",
		ClassRLEFriendly:      "rle-friendly",
		Class(200):            "unknown",
	} {
		require.Equal(t, want, class.String())
	}
}

// TestProfileHasNoFloats: a float that decides anything makes the output
// depend on the architecture.
func TestProfileHasNoFloats(t *testing.T) {
	for _, v := range []any{Profile{}, tally{}, findings{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			kind := typ.Field(i).Type.Kind()
			if kind == reflect.Array {
				kind = typ.Field(i).Type.Elem().Kind()
			}
			isInteger := reflect.Int <= kind && kind <= reflect.Uintptr
			require.True(t, isInteger || kind == reflect.Bool, "%v.%s", typ, typ.Field(i).Name)
		}
	}
}

// TestProfileIsTheSameEverywhere compares with digests from another machine.
// Whoever changes the detector on purpose replaces them by what it reports.
func TestProfileIsTheSameEverywhere(t *testing.T) {
	for _, s := range specimens() {
		sum := sha256.Sum256(fmt.Appendf(nil, "%v", Detect(s.data)))
		require.Equal(t, goldenProfiles[s.name], hex.EncodeToString(sum[:8]), s.name)
	}
}

var goldenProfiles = map[string]string{
	"empty":                       "5d0b0b5cc5525735",
	"one byte":                    "fd25badb0d7960b0",
	"15 bytes":                    "915dbf7225385ec0",
	"message of 20 bytes":         "6c8a2f3865056e03",
	"message of 100 bytes":        "e4b94e1a2a7fa411",
	"random 64 bytes":             "db41c60a961e940c",
	"random 1000 bytes":           "c1d7f3ef088bfa81",
	"random 64 KiB":               "60533288b15ba16a",
	"random":                      "056fa2f2a3945580",
	"jpeg-like":                   "855a0cacbf08936d",
	"hardly tilted":               "cf43b061cf805560",
	"clearly tilted":              "3afefc4d54236011",
	"random with far repeat":      "27291d2677dcef4b",
	"random twice":                "da17d9bb7a52b600",
	"random with islands of text": "b137f75541d9d818",
	"words of 8 bytes":            "e4cdebe9c07c310b",
	"zeros":                       "6b54989f15034fdf",
	"period 3":                    "3b59f62797eae177",
	"period 5":                    "60112fbd2460cd3e",
	"period 7":                    "fe45d98a238dba07",
	"half zeros":                  "9708acc6bac8b79e",
	"english":                     "5800d3d3b0080743",
	"cyrillic":                    "8ec80cb7057b1eb7",
	"utf-16":                      "b101785c7ce2bd44",
	"base64":                      "978a44c6b05b5dec",
	"json":                        "992361ee1b81d7e1",
	"log":                         "dff6ea5aacc7dd9c",
	"machine code":                "177e2cbbfc9be85b",
	"program":                     "dc84216483356d38",
	"int32 series":                "4ceddd59ab2b4508",
	"float32":                     "950b722cd7f07bba",
	"records":                     "42897b36e951e581",
	"16 MiB":                      "82d12848bf9fa211",
}
