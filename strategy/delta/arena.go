package delta

// arena hands out scratch memory for the time of a call and keeps it for the
// next. What it hands out is not cleared.
type arena struct {
	bytes   []byte
	columns []uint64
}

type mark struct{ bytes, columns int }

func (a *arena) take(n int) []byte {
	if cap(a.bytes)-len(a.bytes) < n {
		// What was handed out stays valid in the old array.
		a.bytes = make([]byte, len(a.bytes), 2*cap(a.bytes)+n)
	}
	at := len(a.bytes)
	a.bytes = a.bytes[:at+n]
	return a.bytes[at : at+n : at+n]
}

func (a *arena) takeColumn(n int) []uint64 {
	if cap(a.columns)-len(a.columns) < n {
		a.columns = make([]uint64, len(a.columns), cap(a.columns)+cap(a.columns)/2+n)
	}
	at := len(a.columns)
	a.columns = a.columns[:at+n]
	return a.columns[at : at+n : at+n]
}

func (a *arena) mark() mark { return mark{len(a.bytes), len(a.columns)} }

// release takes back what was handed out since m.
func (a *arena) release(m mark) { a.bytes, a.columns = a.bytes[:m.bytes], a.columns[:m.columns] }

// load fills col with the numbers of the field at an offset in each record,
// less those of the field before it where the plan says so.
func (a *arena) load(col []uint64, records []byte, offset, stride int, f *Field) {
	gather(col, records[offset:], stride, f.Width, f.Big)
	if f.Minus {
		m := a.mark()
		before := a.takeColumn(len(col))
		gather(before, records[offset-int(f.Width):], stride, f.Width, f.Big)
		for i, x := range before {
			col[i] -= x
		}
		a.release(m)
	}
}

// store is the inverse of load.
func (a *arena) store(records []byte, col []uint64, offset, stride int, f *Field) {
	if f.Minus {
		m := a.mark()
		before := a.takeColumn(len(col))
		gather(before, records[offset-int(f.Width):], stride, f.Width, f.Big)
		for i, x := range before {
			col[i] += x
		}
		a.release(m)
	}
	scatter(records[offset:], col, stride, f.Width, f.Big)
}
