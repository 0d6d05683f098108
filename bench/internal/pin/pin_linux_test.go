package pin_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pyramidgo/redissessions/bench/internal/pin"
)

// tellMasks makes the test's program print the cores of each of its threads.
const tellMasks = "REDISSESSIONS_PIN_TELL"

func TestMain(m *testing.M) {
	if os.Getenv(tellMasks) == "" {
		os.Exit(m.Run())
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, thread := range threads {
		id, _ := strconv.Atoi(thread.Name())
		var set unix.CPUSet
		if err := unix.SchedGetaffinity(id, &set); err != nil {
			continue // it has ended since
		}
		for core := range len(set) * 64 {
			if set.IsSet(core) {
				fmt.Println(core)
			}
		}
	}
}

func TestEveryThreadIsOnTheCore(t *testing.T) {
	cores, err := pin.Cores()
	if err != nil {
		t.Skip(err)
	}
	if len(cores) == 0 {
		t.Fatal("no cores")
	}
	for _, core := range cores {
		var out bytes.Buffer
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), tellMasks+"=1")
		cmd.Stdout = &out
		p, err := pin.Start(cmd, core)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Fatal(err)
		}
		told := bytes.Fields(out.Bytes())
		if len(told) == 0 {
			t.Errorf("core %d: no thread told its cores", core)
		}
		for _, c := range told {
			if string(c) != strconv.Itoa(core) {
				t.Errorf("a thread may use core %s, want only %d", c, core)
			}
		}
	}

	after, err := pin.Cores()
	if err != nil || len(after) != len(cores) {
		t.Errorf("this process may use %v afterwards (%v), want %v", after, err, cores)
	}
}
