package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkTree measures the tree that BACKUP_TREE names: a fresh archive, and
// where there are the programs for it, what tar and zstd -3 with two threads
// make of it, by turns, both with what they wrote on disk at the end. Figures
// are medians. With -benchtime 5x there are five rounds.
func BenchmarkTree(b *testing.B) {
	tree := os.Getenv("BACKUP_TREE")
	if tree == "" {
		b.Skip("BACKUP_TREE names no tree")
	}
	dir := b.TempDir()
	ours, theirs := filepath.Join(dir, "a"), filepath.Join(dir, "a.tar.zst")
	rivals := map[string]func() *exec.Cmd{"backup": func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "create", "-q", "-f", "-p", "2", ours, tree)
		cmd.Env = append(os.Environ(), "BACKUP_TEST_CHILD=usual")
		return cmd
	}}
	_, noTar := exec.LookPath("tar")
	_, noZstd := exec.LookPath("zstd")
	if noTar == nil && noZstd == nil {
		rivals["tar|zstd"] = func() *exec.Cmd {
			return exec.Command("sh", "-c", `tar -C "$1" -cf - . | zstd -q -f -T2 -3 -o "$2" && sync "$2"`, "sh", tree, theirs)
		}
	}
	wall, cpu := make(map[string][]time.Duration), make(map[string][]time.Duration)
	for b.Loop() {
		for name, command := range rivals {
			cmd := command()
			began := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%s: %v: %s", name, err, out)
			}
			wall[name] = append(wall[name], time.Since(began))
			cpu[name] = append(cpu[name], cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
			b.Logf("%-9s %6.2f s, %6.2f s of CPU", name, wall[name][len(wall[name])-1].Seconds(), cpu[name][len(cpu[name])-1].Seconds())
		}
	}
	for name := range rivals {
		size := int64(0)
		if info, err := os.Stat(map[string]string{"backup": ours, "tar|zstd": theirs}[name]); err == nil {
			size = info.Size()
		}
		unit := strings.ReplaceAll(name, "|", "-")
		b.ReportMetric(median(wall[name]).Seconds(), unit+"-s")
		b.ReportMetric(median(cpu[name]).Seconds(), unit+"-cpu-s")
		b.ReportMetric(float64(size)/1e6, unit+"-MB")
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
