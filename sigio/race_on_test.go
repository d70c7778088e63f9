//go:build race

package sigio_test

const racing = true
