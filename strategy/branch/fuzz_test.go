package branch

import "testing"

// FuzzUndo takes any bytes through every filter and back.
func FuzzUndo(f *testing.F) {
	f.Add([]byte{})
	f.Add(codeX86(300, true))
	f.Add(codeARM64(302, 2))
	for seed := range uint64(4) {
		f.Add(crowded(60*int(seed), seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, filter := range filters() {
			requireUndone(t, filter, src)
		}
	})
}

// FuzzFind looks for code in any bytes.
func FuzzFind(f *testing.F) {
	f.Add([]byte{})
	f.Add(codeX86(3000, true))
	f.Add(codeARM64(3002, 2))
	f.Fuzz(func(t *testing.T, src []byte) {
		found, ok := Find(src, nil)
		if ok && !found.Filter.Valid() {
			t.Fatalf("finds the filter %d", found.Filter)
		}
		if ok != (found.Repeats > 0) || found.Saved < 0 {
			t.Fatalf("%v, %v", found, ok)
		}
	})
}
