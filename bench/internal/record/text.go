package record

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/perf/benchfmt"
)

// Setting is something that is the same for a whole run, such as the processor.
type Setting struct{ Key, Value string }

// Run is one run of the program.
type Run struct {
	// Settings are in the order in which they are shown.
	Settings []Setting
	Results  []Result
}

// Write writes the run as text.
func (r *Run) Write(w io.Writer) error {
	out := benchfmt.NewWriter(w)
	var config []benchfmt.Config
	for _, s := range r.Settings {
		config = append(config, benchfmt.Config{Key: s.Key, Value: []byte(s.Value), File: true})
	}
	// For benchstat, of units that it does not know.
	better := &benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: Ratio, Key: "better"}, OrigUnit: Ratio, Value: "higher"}
	if err := out.Write(better); err != nil {
		return fmt.Errorf("record: write: %w", err)
	}
	for _, result := range r.Results {
		line := &benchfmt.Result{Config: config, Name: benchfmt.Name(result.Name(result.App)), Iters: result.Requests}
		for _, unit := range units {
			if v, ok := result.Values[unit]; ok {
				line.Values = append(line.Values, benchfmt.Value{Value: v, Unit: unit})
			}
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("record: write: %w", err)
		}
	}
	return nil
}

// Read reads what Write has written.
func Read(r io.Reader) (*Run, error) {
	run := &Run{}
	lines := benchfmt.NewReader(r, "record")
	for lines.Scan() {
		switch line := lines.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, fmt.Errorf("record: line %d: %s", line.Line, line.Msg)
		case *benchfmt.Result:
			if run.Settings == nil {
				for _, c := range line.Config {
					run.Settings = append(run.Settings, Setting{c.Key, string(c.Value)})
				}
			}
			cell, app, err := parseName(string(line.Name))
			if err != nil {
				return nil, err
			}
			result := Result{Cell: cell, App: app, Requests: line.Iters, Values: map[string]float64{}}
			for _, v := range line.Values {
				// The reader turns nanoseconds into seconds and keeps what it has read.
				if v.OrigUnit != "" {
					result.Values[v.OrigUnit] = v.OrigValue
				} else {
					result.Values[v.Unit] = v.Value
				}
			}
			run.Results = append(run.Results, result)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("record: read: %w", err)
	}
	return run, nil
}

// WriteFile writes the run to a file.
func (r *Run) WriteFile(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	defer func() {
		if closeErr := f.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("record: %w", closeErr)
		}
	}()
	return r.Write(f)
}

// ReadFile reads a run from a file.
func ReadFile(path string) (*Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	defer func() { _ = f.Close() }()
	return Read(f)
}
