//go:build !linux && !darwin

package main

import "os"

// moveLocked says whether a file can be renamed and removed while it is open.
const moveLocked = false

// lock does nothing: two runs at a time are up to the user.
func lock(*os.File) error { return nil }
