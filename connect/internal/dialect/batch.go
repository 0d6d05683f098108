package dialect

import (
	"context"
	"errors"

	"github.com/pyramidgo/redissessions/session"
)

// LoadEach is session.BatchStore's: GET and PTTL of each key. single loads one, where the
// server refused.
func (g *Guarded) LoadEach(ctx context.Context, keys []string, single session.TTLLoader) ([]session.Loaded, error) {
	commands := make([][]any, 0, 2*len(keys))
	for _, key := range keys {
		commands = append(commands, []any{"get", key}, []any{"pttl", key})
	}
	answers, _, err := g.client.Batch(ctx, commands)
	if err != nil {
		return nil, g.fault("load", err)
	}
	loaded := make([]session.Loaded, len(keys))
	for i, key := range keys {
		get, pttl := answers[2*i], answers[2*i+1]
		left, isTime := pttl.Value.(int64)
		switch l := &loaded[i]; {
		case get.Refusal != "" || pttl.Refusal != "":
			l.Record, l.TTL, l.Err = single.LoadTTL(ctx, key)
		case get.Value == nil:
			l.Err = session.ErrNotFound
		case !isTime:
			l.Err = g.client.Fault("load", ErrGarbled)
		default:
			var found bool
			if l.TTL, found = Remaining(left); !found {
				l.Err = session.ErrNotFound
				break
			}
			l.Record = raw(get.Value)
		}
	}
	return loaded, nil
}

// RemoveEach is session.BatchStore's. single removes one record, where the server refused.
func (g *Guarded) RemoveEach(ctx context.Context, keys []string, guards [][]byte, single session.Store) ([]error, error) {
	if !g.runsScripts() {
		return nil, errors.ErrUnsupported
	}
	commands := make([][]any, len(keys))
	for i, key := range keys {
		commands[i] = []any{"evalsha", Remove.SHA, "1", key, guards[i]}
	}
	answers, doubt, err := g.runScript(ctx, &Remove, commands)
	if err != nil {
		return nil, g.fault("remove", err)
	}
	errs := make([]error, len(keys))
	for i, a := range answers {
		switch {
		case a.Refusal != "":
			errs[i] = single.Remove(ctx, keys[i], guards[i])
		case a.Value != nil:
			errs[i] = g.verdict("remove", raw(a.Value))
		case !doubt: // else a try whose answer was lost may have removed it
			errs[i] = session.ErrNotFound
		}
	}
	return errs, nil
}

// runScript is Commander.Batch for commands that run a script by its digest: where the server
// did not have it, they are sent again with its source.
func (g *Guarded) runScript(ctx context.Context, s *Script, commands [][]any) (answers []Answer, doubt bool, err error) {
	if answers, doubt, err = g.client.Batch(ctx, commands); err != nil {
		return nil, doubt, err
	}
	var at []int
	var sources [][]any
	for i, a := range answers {
		if unknownScript(a.Refusal) {
			commands[i][0], commands[i][1] = "eval", s.Source
			at, sources = append(at, i), append(sources, commands[i])
		}
	}
	if len(at) == 0 {
		return answers, doubt, nil
	}
	got, again, err := g.client.Batch(ctx, sources)
	if err != nil {
		return nil, doubt || again, err
	}
	for i, a := range got {
		answers[at[i]] = a
	}
	return answers, doubt || again, nil
}

// raw returns a reply of either client as bytes.
func raw(v any) []byte {
	if b, ok := v.([]byte); ok {
		return b
	}
	return []byte(text(v))
}
