package delta

import "encoding/binary"

// EstimateRival estimates what the backend alone makes of src, from samples of
// all parts of it. Repeats further apart than a sample it does not see.
func (e *Encoder) EstimateRival(src []byte, backend Backend) int {
	const places = 8
	span := min(4<<10, len(src)/(8*places))
	if len(src) <= 32<<10 {
		return backend.Estimate(nil, src)
	}
	m := e.mark()
	defer e.release(m)
	all := e.take(places * span)
	for i := range places {
		copy(all[i*span:][:span], src[(len(src)-span)*i/(places-1):])
	}
	n := backend.Estimate(e.take(len(all) + 1024)[:0], all)
	return int(int64(n) * int64(len(src)) / int64(len(all)))
}

// FarRepeats estimates how many bytes of src are saved because they occurred
// before, further back than a sample shows: a backend sees these, but a trial of
// a stretch does not. Other bytes take the backend as much as rival says for
// all, and a match takes it some bits, which short ones are hardly worth. Short
// records are told apart by twelve bytes from their start on, long ones by bytes
// from their start, middle and end. Of all of them one in sixteen is looked at,
// or one in 32 of many, chosen by what it says, so that its repetition is looked
// at, too; and no more than repeatsAmong are asked, in windows all over src.
func (e *Encoder) FarRepeats(src []byte, plan *Plan, rival int) int {
	const (
		repeatsAmong = 192 << 10
		window       = 16 << 10 // bytes
		slotBits     = 14
	)
	if e.seen == nil {
		e.seen = make([]seen, 1<<slotBits)
	}
	clear(e.seen)
	step := plan.Stride
	for step < 4 {
		step *= 2
	}
	near, far := 8, 0
	if step > 20 {
		near, far = step/2, step-8
	}
	saving := saving{src, step, max(12, far+8), int64(rival)}
	shift := 28
	if len(src)/step > repeatsAmong/2 {
		shift = 27
	}
	skip := len(src) / step / repeatsAmong * window
	var chosen, saved int64 = 1, 0
	for from := plan.Head; from < len(src); {
		to := min(from+window, len(src)-max(16, step))
		at := from
		for ; at < to; at += step {
			x := binary.LittleEndian.Uint64(src[at+far:])
			if uint32(x)*goldenRatio32>>(shift&31) != 0 || x == 0 {
				continue // zeros repeat near by, too, where a trial shows it
			}
			chosen++
			x = (x*goldenRatio ^ binary.LittleEndian.Uint64(src[at:]) ^
				uint64(binary.LittleEndian.Uint32(src[at+near:]))<<17) * goldenRatio
			slot := &e.seen[x>>(64-slotBits)]
			here := seen{uint32(x) | 1, uint32(at)}
			if slot.tag == here.tag && at-int(slot.at) >= farRepeat {
				saved += saving.of(int(slot.at), at)
			}
			*slot = here
		}
		from = max(at, to) + skip/step*step
		if to == len(src)-max(16, step) {
			break
		}
	}
	return int(int64(len(src)) * saved / (chosen * int64(step)))
}

// seen is the last record with some hash.
type seen struct{ tag, at uint32 }

// farRepeat is how far back a repeat is one that samples do not show.
const farRepeat = 2 << 10

// saving tells what matches save of src, which takes the backend rival bytes.
type saving struct {
	src        []byte
	step, seen int // records are step bytes apart and known by so many
	rival      int64
}

// of returns the bytes that a record at a place stands for which repeats what
// was before, less what the match that it is part of costs. Such a match is met
// as often as a record lies in it.
func (s *saving) of(before, at int) int64 {
	const (
		matchCost = 20 // in bits: less than what a far match ever takes
		longest   = 256
	)
	src, n := s.src, 0
	for n < longest && at+n < len(src) && src[before+n] == src[at+n] {
		n++
	}
	for back := 1; n < longest && back <= before && src[before-back] == src[at-back]; back++ {
		n++
	}
	n = max(n, s.seen)
	met := (n-s.seen)/s.step + 1
	cost := matchCost * int64(len(src)) / (8 * max(s.rival, 1)) // in bytes that are not matched
	return max(int64(n)-cost, 0) / int64(met)
}
