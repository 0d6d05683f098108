package main_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// TestFullDisk: what could not be written is an error, so that "count --prometheus > new && mv
// new old" does not put an empty file in the place of a good one.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL(), "user_sessions": "true"})
	s.newVisitor("alice")
	handle := s.handles()[0]
	for _, line := range []string{
		"check", "check --json", "doctor", "doctor --json", "count", "count --json", "count --prometheus", "ls", "ls --json", "ls --user alice",
		"show " + handle, "show --json " + handle, "reindex", "reindex --json", "convert --to native --dry-run", "convert --to native --dry-run --json",
		"secret", "secret --json", "secret rotate", "secret rotate --json", "end " + handle, "end --user alice", "end --all --yes", "end --all --yes --json",
		"--help", "--version", "completion bash",
	} {
		cmd := exec.CommandContext(t.Context(), command, append(strings.Fields(line), "--settings", s.file)...)
		var errOut strings.Builder
		cmd.Stdout, cmd.Stderr = full, &errOut
		_ = cmd.Run()
		if status := cmd.ProcessState.ExitCode(); status != 2 || strings.Count(errOut.String(), "no space left") != 1 {
			t.Errorf("%s: the status is %d, the error %q", line, status, &errOut)
		}
	}
}

// TestTextOfVisitors: keys, values and names are any text, and a terminal obeys none of it:
// neither escape sequences, also those that begin with a character of C1, nor what turns the
// direction of text. JSON has the same text.
func TestTextOfVisitors(t *testing.T) {
	const text = "\x1b]0;title\a\u009b31m\u0085\x7f\u202e\u2066\r\nalice\U000e0001 é世"
	srv := connecttest.RedisServer(t)
	for _, format := range []string{"native", "pyramid_redis_sessions", "pyramid_session_redis"} {
		s := newSite(t, map[string]string{"url": srv.URL(), "user_sessions": "true", "format": format, "prefix": format + ":"})
		s.visit(visitor.New(t), func(ctx context.Context, sess *session.Session) error {
			sess.Set(text, []any{text, map[string]any{text: text}})
			return sess.Login(ctx, text, session.WithLabel(text, text))
		})
		handle := s.handles()[0]
		for _, args := range [][]string{
			{"ls", "--user", text}, {"ls", "--user", text, "--json"}, {"ls", "--user", text + "?"}, {"show", handle}, {"show", handle, "--values"}, {"show", handle, "--json", "--values"},
		} {
			r := run(t, "", append(args, "-s", s.file)...)
			r.wants(t, 0)
			for _, c := range r.out + r.err {
				if c != '\n' && !unicode.IsPrint(c) {
					t.Errorf("%s: %s prints %U", format, args, c)
				}
			}
		}
		var shown struct {
			Data []struct {
				Key   string
				Value any
			}
		}
		r := run(t, "", "show", handle, "--json", "--values", "-s", s.file)
		if err := json.Unmarshal([]byte(r.out), &shown); err != nil {
			t.Fatal(err)
		}
		for _, d := range shown.Data {
			if strings.HasPrefix(d.Key, "_") {
				continue
			}
			if list, _ := d.Value.([]any); d.Key != text || len(list) != 2 || list[0] != text {
				t.Errorf("%s: JSON has %q: %q", format, d.Key, d.Value)
			}
		}
	}
}

// TestEmptyFlags: a flag whose value is empty, as of a variable that a script has not set, is
// not one that was not given.
func TestEmptyFlags(t *testing.T) {
	srv := connecttest.RedisServer(t)
	s := newSite(t, map[string]string{"url": srv.URL(), "user_sessions": "true"})
	v := s.newVisitor("alice")
	for _, args := range [][]string{
		{"end", "--user", "alice", "--others-than", ""},
		{"end", "--all", "--yes", "--others-than", ""},
		{"end", "--user", ""},
		{"end", ""},
		{"show", "", "--user", "alice"},
		{"ls", "--user", ""},
		{"ls", "--limit", "-1"},
		{"convert", "--to", "", "--to-settings", ""},
	} {
		run(t, "", append(args, "-s", s.file)...).wants(t, 2)
	}
	if !s.here(v) {
		t.Error("a session was ended")
	}
}
