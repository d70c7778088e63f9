package strategy

import (
	"bytes"
	"testing"

	"github.com/sigmalang/sigma/strategy/branch"
	"github.com/stretchr/testify/require"
)

func TestBranchMalformed(t *testing.T) {
	frame := magic + "\x20\x05" + block(true, rawBlock, 5, "hello")
	for _, v := range []struct {
		name    string
		payload string
		ok      bool
	}{
		{"x86", "\x01" + frame, true},
		{"ARM64 at its last phase", "\x07" + frame, true},
		{"nothing", "", false},
		{"filter alone", "\x01", false},
		{"no filter", "\x00" + frame, false},
		{"reserved filter", "\x03" + frame, false},
		{"first reserved bit", "\x09" + frame, false},
		{"last reserved bit", "\x81" + frame, false},
		{"frame alone", frame, false},
		{"frame cut off", "\x01" + frame[:len(frame)-1], false},
		{"byte behind the frame", "\x01" + frame + "\x00", false},
		{"frame of another length", "\x01" + magic + "\x20\x04" + block(true, rawBlock, 4, "hell"), false},
	} {
		t.Run(v.name, func(t *testing.T) {
			_, err := decodeGuarded(t, branchCode{}, []byte(v.payload), 5)
			require.Equal(t, v.ok, err == nil, "%v", err)
		})
	}
}

func TestBranchTakesAnyPlan(t *testing.T) {
	src := program(200*kib, 1)
	for _, tt := range []struct {
		name string
		plan any
		want branch.Filter
	}{
		{"no plan", nil, branch.X8664},
		{"another strategy's plan", "plan", branch.X8664},
		{"no filter", branch.Filter(3), branch.X8664},
		{"a filter", branch.X86, branch.X86},
		{"the wrong filter", branch.ARM64 + 1, branch.ARM64 + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			payload, err := branchCode{}.Encode(nil, src, Params{Limit: unlimited, Plan: tt.plan})
			require.NoError(t, err)
			require.Equal(t, byte(tt.want), payload[0])
			got, err := decodeGuarded(t, branchCode{}, payload, len(src))
			require.NoError(t, err)
			require.True(t, bytes.Equal(src, got))
		})
	}
	payload, err := branchCode{}.Encode(nil, prose(1000), Params{Limit: unlimited})
	require.NoError(t, err)
	require.Equal(t, byte(branch.X86), payload[0], "nothing speaks for any")
}

// TestAdaptiveChoosesBranch: what is chosen pays at the level, and where few
// targets repeat zstd is to be tried as well.
func TestAdaptiveChoosesBranch(t *testing.T) {
	few := join(utf16(tokens(210*kib, 2, 1500)), program(80*kib, 3), utf16(tokens(270*kib, 4, 1500)))
	for _, tt := range []struct {
		name     string // the defect
		data     []byte
		level    Level
		want     ID
		doubtful bool
	}{
		{"a filter at memory speed", program(mib, 1), LevelFastest, Zstd, false},
		{"no filter by default", program(mib, 1), LevelDefault, Branch, false},
		{"no filter at best", program(mib, 1), LevelBest, Branch, false},
		{"a filter for little by default", few, LevelDefault, Zstd, false},
		{"little is beyond doubt", few, LevelBest, Branch, true},
		{"a filter for a page", program(3*kib, 1), LevelBest, Zstd, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			choice := choose(tt.data, tt.level, Default().Only(Zstd, Branch))
			require.Equal(t, tt.want, choice.ID, choice.Reason)
			require.Equal(t, tt.doubtful, choice.Expected > 0)
			if tt.want == Branch {
				require.Equal(t, branch.X8664, choice.Plan)
			}
		})
	}
}

// FuzzBranch decodes any bytes, and takes them there and back.
func FuzzBranch(f *testing.F) {
	for _, src := range [][]byte{program(300, 1), prose(40), noise(20)} {
		for _, filter := range []branch.Filter{branch.X86, branch.X8664, branch.ARM64 + 3} {
			payload, err := branchCode{}.Encode(nil, src, Params{Limit: unlimited, Plan: filter})
			require.NoError(f, err)
			f.Add(payload, uint16(len(src)))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, rawLen uint16) { requireSoundOn(t, branchCode{}, b, int(rawLen)) })
}

// requireSoundOn takes b for a payload, and for a chunk.
func requireSoundOn(t *testing.T, s Strategy, b []byte, rawLen int) {
	_, _ = decodeGuarded(t, s, b, rawLen)
	if len(b) == 0 {
		return
	}
	for level := LevelFastest; level.Valid(); level++ {
		payload, err := s.Encode(nil, b, Params{Level: level, Limit: unlimited})
		require.NoError(t, err)
		got, err := decodeGuarded(t, s, payload, len(b))
		require.NoError(t, err)
		require.Equal(t, b, got)
	}
}
