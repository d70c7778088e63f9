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
	"empty":                       "a3eba0469f359bb5",
	"one byte":                    "b20bb5bc3413d593",
	"15 bytes":                    "d30653044f6844f1",
	"message of 20 bytes":         "4180ab4a17a54dfb",
	"message of 100 bytes":        "7ece566768fb3eb2",
	"random 64 bytes":             "42e33b022ad24ce5",
	"random 1000 bytes":           "105cf6294447cd12",
	"random 64 KiB":               "d0aa9bdf1b671806",
	"random":                      "4cb135253a9404a2",
	"jpeg-like":                   "673c107351856047",
	"hardly tilted":               "7594211895d6051d",
	"clearly tilted":              "abec2b4556d93c68",
	"random with far repeat":      "d000e882ffdca8b2",
	"random twice":                "5ff450e47ea631b9",
	"random with islands of text": "14e4a4f44902f3b6",
	"words of 8 bytes":            "42e11ba4c8c804d5",
	"zeros":                       "960c9f672cab5f04",
	"period 3":                    "8aad1031fc08b2a7",
	"period 5":                    "c2308a1fd98d3de8",
	"period 7":                    "aa0149f593c09d77",
	"half zeros":                  "0dfc674061430e3b",
	"english":                     "9a1a33e3b1c7650b",
	"cyrillic":                    "b2216eea009d9fa3",
	"utf-16":                      "33da788b14b2c760",
	"base64":                      "17752e66e0044e1f",
	"json":                        "c8a91942077bdcf5",
	"log":                         "95b5068378469395",
	"machine code":                "58501896e81cc92a",
	"program":                     "dc96449da913a4c1",
	"int32 series":                "7c65a6fe662d218b",
	"float32":                     "36d76a3e6be30c5a",
	"records":                     "ea9709d9c79baede",
	"16 MiB":                      "82ae322dde12a100",
}
