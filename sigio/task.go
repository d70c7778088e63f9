package sigio

// task is a computation on a goroutine of its own. It touches nothing that it
// does not own, and ends by itself.
type task struct {
	err     error
	running bool
	done    chan struct{} // made at the first start
}

// start runs f, whose error is err once wait has returned.
func (t *task) start(f func() error) {
	if t.done == nil {
		t.done = make(chan struct{}, 1)
	}
	t.running, t.err = true, errGoexit
	go func() {
		defer func() { t.done <- struct{}{} }()
		t.err = f()
	}()
}

// errGoexit remains when a strategy ends its goroutine.
var errGoexit error = &fault{"strategy called runtime.Goexit"}

func (t *task) wait() {
	if t.running {
		<-t.done
		t.running = false
	}
}
