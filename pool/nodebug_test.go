//go:build !pooldebug

package pool

const debugging = false
