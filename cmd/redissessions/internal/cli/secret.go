package cli

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (a *app) secretCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Make a new secret; secret rotate prints how to bring it in",
		Long: `secret prints a new secret: 32 random bytes in base64, which also serve as one of
encryption_keys. It reads no settings and changes none.`,
		Example: "  redissessions secret > secret.txt\n  redissessions secret rotate --settings production.ini",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := make([]byte, 32)
			if _, err := rand.Read(b); err != nil {
				return err
			}
			secret := base64.StdEncoding.EncodeToString(b)
			if a.json {
				return a.object(map[string]string{"secret": secret})
			}
			fmt.Fprintln(a.out, secret)
			return nil
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "rotate",
		Short: "Print the steps to a new secret that keep all visitors logged in",
		Long: `rotate prints the steps of docs/deploying.md for a new secret, with the times that
follow from the settings. It changes nothing, and prints no secret.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := a.resolve()
			if err != nil {
				return err
			}
			wait := "one timeout later (the longest that your program gives to AdjustTimeout or Remember, and at least " + s.Settings.Timeout.String() + ")"
			if s.Settings.Timeout == 0 {
				wait = "when every session has been used since, or has ended: these settings have no timeout"
				if s.Settings.AbsoluteTimeout > 0 {
					wait = "one absolute_timeout later (" + s.Settings.AbsoluteTimeout.String() + ")"
				}
			}
			r := rotation{len(s.Settings.SecretPrevious), []rotationStep{
				{"OLD", "NEW", "servers that do not know NEW would take its cookies for forged"},
				{"NEW", "OLD", "cookies are signed anew when they are next used"},
				{"NEW", "", wait},
			}}
			if a.json {
				return a.object(r)
			}
			r.print(a.out)
			return nil
		},
	})
	return cmd
}

// rotation are the steps to a new secret.
type rotation struct {
	Previous int            `json:"previous"` // how many previous secrets there are now
	Steps    []rotationStep `json:"steps"`
}

// rotationStep is what the settings have during a step: OLD and NEW stand for the secrets.
type rotationStep struct {
	Secret         string `json:"secret"`
	SecretPrevious string `json:"secret_previous"`
	Note           string `json:"note"`
}

func (r rotation) print(w io.Writer) {
	fmt.Fprintf(w, `A new secret, with all visitors still logged in. Roll each step out to all servers before the
next; to go back, take the steps in reverse order. OLD is the present secret, NEW what
"redissessions secret" prints. What is in secret_previous now (%d) stays until step 3.

`, r.Previous)
	for i, step := range r.Steps {
		lines := []string{"secret = " + step.Secret}
		if step.SecretPrevious != "" {
			lines = append(lines, "secret_previous = "+step.SecretPrevious)
		}
		number := fmt.Sprintf("%d.", i+1)
		for n, line := range lines {
			if n == len(lines)-1 {
				line = fmt.Sprintf("%-32s %s", line, step.Note)
			}
			fmt.Fprintf(w, "  %-3s %s\n", number, line)
			number = ""
		}
	}
	fmt.Fprint(w, `
A secret that has leaked is replaced at once, without steps: whatever it signed is refused,
and everybody logs in again.
`)
}
