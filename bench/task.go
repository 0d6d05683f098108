package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/pyramidgo/redissessions/bench/internal/record"
)

// task is what a process of its own measures. It emits results as soon as they are there.
type task interface {
	Take(ctx context.Context, emit func([]record.Result) error) error
}

// carryOutTask starts this program with a command on a core, gives it a task, and passes its
// results on.
func carryOutTask(ctx context.Context, core int, command string, t any, emit func([]record.Result)) error {
	child, err := begin(ctx, core, command, t)
	if err != nil {
		return err
	}
	defer child.end()
	for {
		var found []record.Result
		err := child.answers.Decode(&found)
		if errors.Is(err, io.EOF) {
			return child.process.Wait()
		}
		if err != nil {
			return fmt.Errorf("bench: results: %w", err)
		}
		emit(found)
	}
}

// measureTask is that process. T is a pointer.
func measureTask[T task](ctx context.Context, _ []string) error {
	var t T
	if err := readTask(&t); err != nil {
		return err
	}
	answers := json.NewEncoder(answersFile())
	return t.Take(ctx, func(found []record.Result) error {
		if err := answers.Encode(found); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		return nil
	})
}
