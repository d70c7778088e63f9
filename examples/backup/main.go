// Backup keeps the states of a directory tree in one seekable Sigma stream
// after another, all in one file.
//
//	backup create  [flags] archive dir        a fresh archive of dir
//	backup append  [flags] archive dir        a further run: what changed since
//	backup list    [flags] archive [path...]  the tree as a run left it; -runs lists the runs
//	backup restore [flags] archive [path...]  the tree, or the files and directories named
//	backup verify  [flags] archive            decode and compare all; -tree dir compares with dir
//	backup salvage [flags] archive            restore what is left of a damaged archive
//
// backup command -h lists the flags.
//
// # What is in an archive
//
// Inside is a tar archive without the two blocks of zeros at its end, so that
// the runs, one behind the other, are one, too:
//
//	sigcat -d < archive | tar tf -
//
// Extracting it that way gives the newest version of every file that any run
// stored, deleted ones included, with times in full seconds. Large files of the
// same content are stored once and come out of tar as hard links; -dedup=false
// avoids that. Files stand in the order of the tree, except that those of the
// same name stand together, wherever they are, since versions of a file are
// alike and what is alike compresses better side by side; symbolic links and
// directories come last, children first, as their times are set last.
//
// Behind its members a run has a catalogue, a text file in .sigma-backup/: what
// was stored and where, with sums and exact times, and what was deleted. By it,
// restore finds a file without decoding what stands before it. A file counts as
// unchanged if kind, size, mode, owner, modification time and, where the system
// tells them, change time and inode are as they were, and were not those of the
// very moment of the reading.
//
// Holes of sparse files are neither read nor written again, and compress to
// nothing. Devices, sockets and named pipes are skipped with a notice; paths
// longer than the system takes in one call (4 KiB on Linux) are reported.
// Extended attributes and the times of symbolic links are not kept.
//
// # Which files
//
// -include and -exclude may be given often. The elements of a pattern, between
// its slashes, match those of a path relative to dir as path.Match has it; an
// element ** matches any number of them, none included. A pattern without a
// slash, except at its end, matches at any depth. One that ends in a slash
// matches directories only. What matches a directory holds for all below it.
// With an -include only what matches one is stored, and the directories above
// it; -exclude wins. To append, what is left out does not exist: it is recorded
// as deleted.
//
// # When something goes wrong
//
// A fresh archive grows under the name .archive.partial and gets its own when
// it is sealed and on disk. Append writes behind the sealed end. If either is
// interrupted by a signal or an error, what it wrote is removed. If it is
// killed, the old archive reads as before, and the next run goes on: each time
// it has stored 64 MiB, and a quarter of what it had, it leaves a catalogue,
// and takes from there whatever has not changed since. Only where a copy of a
// Sigma stream was being stored it may not know what is torn, or whether whole
// runs are damaged: then it says where to cut the archive, and reading gives the
// state before that place with exit code 3.
//
// A file that shrinks while it is read is filled up with zeros, one that grows
// is cut; both are reported, and stored again by the next run. What an earlier
// run stored of something that cannot be read now stays in the tree.
//
// Restore writes to nothing outside its directory, whatever the archive says:
// names that lead out are refused, and so is whatever would pass through a link
// that does. Symbolic links are restored last, as they are; -safe-links leaves
// out those that lead out. As another user than root it restores neither owners
// nor set-user-ID bits.
//
// The exit code is
//
//	0    all is well
//	1    something could not be read or written
//	2    the command line makes no sense; nothing was done
//	3    the archive is damaged, truncated, or no archive; what could be
//	     restored, listed or verified was
//	4    all is written, but some files could not be read or changed meanwhile,
//	     or the tree differs from the archive
//	128  plus the number of the signal that stopped it
package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(signals, s)
		}
	}
	var caught atomic.Int32
	go func() {
		number, _ := (<-signals).(syscall.Signal)
		caught.Store(int32(number))
		cancel()
		signal.Reset() // a second one does not wait
	}()
	p := &program{ctx: ctx, sizes: usual, stdout: os.Stdout, stderr: os.Stderr}
	code := p.run(os.Args[1:])
	if s := caught.Load(); s != 0 && code != exitOK {
		code = exitSignal + int(s)
	}
	os.Exit(code)
}
