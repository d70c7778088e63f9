package delta

import "encoding/binary"

// A column holds one field of consecutive records as 64-bit numbers.

// gather fills col with fields of width bytes, the first of which begins
// src, each stride bytes after the one before. src reaches to the end of the
// last one at least.
func gather(col []uint64, src []byte, stride int, width uint8, big bool) {
	switch {
	case width == 1:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			col[i] = uint64(src[at])
		}
	case width == 2 && !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			col[i] = uint64(binary.LittleEndian.Uint16(src[at : at+2]))
		}
	case width == 2:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			col[i] = uint64(binary.BigEndian.Uint16(src[at : at+2]))
		}
	case width == 3 && !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			b := src[at : at+3]
			col[i] = uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16
		}
	case width == 3:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			b := src[at : at+3]
			col[i] = uint64(b[2]) | uint64(b[1])<<8 | uint64(b[0])<<16
		}
	case width == 4 && !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			col[i] = uint64(binary.LittleEndian.Uint32(src[at : at+4]))
		}
	case width == 4:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			col[i] = uint64(binary.BigEndian.Uint32(src[at : at+4]))
		}
	case !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			col[i] = binary.LittleEndian.Uint64(src[at : at+8])
		}
	default:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			col[i] = binary.BigEndian.Uint64(src[at : at+8])
		}
	}
}

// scatter is the inverse of gather. Of each number it keeps the low bytes.
func scatter(dst []byte, col []uint64, stride int, width uint8, big bool) {
	switch {
	case width == 1:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			dst[at] = byte(col[i])
		}
	case width == 2 && !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			binary.LittleEndian.PutUint16(dst[at:at+2], uint16(col[i]))
		}
	case width == 2:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			binary.BigEndian.PutUint16(dst[at:at+2], uint16(col[i]))
		}
	case width == 3 && !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			b, v := dst[at:at+3], col[i]
			b[0], b[1], b[2] = byte(v), byte(v>>8), byte(v>>16)
		}
	case width == 3:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			b, v := dst[at:at+3], col[i]
			b[2], b[1], b[0] = byte(v), byte(v>>8), byte(v>>16)
		}
	case width == 4 && !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			binary.LittleEndian.PutUint32(dst[at:at+4], uint32(col[i]))
		}
	case width == 4:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			binary.BigEndian.PutUint32(dst[at:at+4], uint32(col[i]))
		}
	case !big:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			binary.LittleEndian.PutUint64(dst[at:at+8], col[i])
		}
	default:
		for i, at := 0, 0; i < len(col); i, at = i+1, at+stride {
			binary.BigEndian.PutUint64(dst[at:at+8], col[i])
		}
	}
}

// signed returns the low width bytes of x as a signed number.
func signed(x uint64, width uint8) int64 {
	shift := 64 - 8*uint(width)
	return int64(x<<(shift&63)) >> (shift & 63)
}

// zigzag folds signed numbers so that small ones of either sign become small.
func zigzag(col []uint64, width uint8) {
	shift := 64 - 8*uint(width)
	for i, x := range col {
		v := int64(x<<(shift&63)) >> (shift & 63)
		col[i] = uint64(v)<<1 ^ uint64(v>>63)
	}
}

func unzigzag(col []uint64) {
	for i, x := range col {
		col[i] = x>>1 ^ -(x & 1)
	}
}
