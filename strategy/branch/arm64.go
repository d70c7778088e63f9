package branch

import "encoding/binary"

const wordLen = 4

// Of BL (Arm ARM C6.2.34) only those that reach no further than 64 MiB are
// changed, whose top byte is 94 or 97, and of ADRP (C6.2.11) those that reach
// no further than 512 MiB: both stay so. Of other words fewer look like them.
const (
	isBL   = 0x25 << 26
	isADRP = 0x90 << 24
)

// moveARM64 adds sign times the position of each BL and ADRP to its immediate, in
// words and in pages of 4 KiB.
func moveARM64(p []byte, phase int, sign uint32) {
	for i := phase; i+wordLen <= len(p); i += wordLen {
		at := p[i : i+wordLen]
		w := binary.LittleEndian.Uint32(at)
		switch {
		case nearBL(w):
			imm := extend25(w + sign*uint32(i/wordLen))
			binary.LittleEndian.PutUint32(at, isBL|imm&(1<<26-1))
		case nearADRP(w):
			imm := pages(w) + sign*uint32(i>>12)
			imm = uint32(int32(imm<<14) >> 14)
			binary.LittleEndian.PutUint32(at, w&0x9F00001F|imm&3<<29|imm&0x1FFFFC<<3)
		}
	}
}

func nearBL(w uint32) bool { return w>>24 == 0x94 || w>>24 == 0x97 }

// nearADRP compares the top four bits of the immediate.
func nearADRP(w uint32) bool {
	return w&(0x9F<<24) == isADRP && (w&0xF00000 == 0 || w&0xF00000 == 0xF00000)
}

// pages returns the immediate of an ADRP.
func pages(w uint32) uint32 { return w>>29&3 | w>>3&0x1FFFFC }
