// Package pool lends byte buffers and adapts to how many are needed.
//
// A Pool keeps buffers in classes of size, four to an octave, and for each
// class as many as its recent past asks for: from 16 up to 128. A class that
// often has none to lend may keep half as many again; one that nearly always
// has keeps a quarter less. Before a large one is made, a larger one that lies
// idle is lent. Nothing is allocated before it is asked for, and what two garbage
// collections have found idle is let go.
//
// It is for buffers of a KiB and more that are held for a while: the chunks of
// streams. For small short-lived ones make is as good.
//
// Built with the tag pooldebug, a Pool fills what it is given back with a
// pattern and panics when a buffer is given back twice, or was written to in
// the meantime.
package pool
