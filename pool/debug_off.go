//go:build !pooldebug

package pool

// ledger does nothing without the tag pooldebug.
type ledger struct{}

func (*ledger) lend([]byte)     {}
func (*ledger) giveBack([]byte) {}
func (*ledger) drop([]byte)     {}
