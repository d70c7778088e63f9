package strategy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForReads(t *testing.T) {
	text := english(mib, 1)
	for _, tt := range []struct {
		name  string // the defect
		reads int
		level Level
		set   Set
		data  []byte
		want  ID
	}{
		{"one read is many", 1, LevelDefault, Default(), text, Zstd},
		{"many reads are one", 10_000, LevelDefault, Default(), text, LZ4},
		{"a few reads don't matter where size hardly does", 50, LevelFastest, Default(), text, LZ4},
		{"size does not matter", 1000, LevelBest, Default(), text, Zstd},
		{"overflow", 1 << 40 >> 10, LevelDefault, Default(), text, LZ4},
		{"negative", -5, LevelDefault, Default(), text, Zstd},
		{"a set without lz4", 10_000, LevelDefault, Default().Only(Zstd), text, Zstd},
		{"tables are not tables", 10_000, LevelDefault, Default(), float32Like(mib, 7), Delta},
		{"what gains nothing is encoded", 10_000, LevelDefault, Default(), randomBytes(mib, 1), Store},
	} {
		t.Run(tt.name, func(t *testing.T) {
			prof := Detect(tt.data)
			choice := ForReads(tt.reads).Select(Input{Chunk: tt.data, Profile: &prof, Level: tt.level, Set: tt.set})
			require.Equal(t, tt.want, choice.ID)
			require.NotEmpty(t, choice.Reason)
		})
	}
}
