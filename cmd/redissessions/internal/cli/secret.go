package cli

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

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
			fmt.Fprintln(a.out, base64.StdEncoding.EncodeToString(b))
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
			fmt.Fprintf(a.out, `A new secret, with all visitors still logged in. Roll each step out to all servers before the
next; to go back, take the steps in reverse order. OLD is the present secret, NEW what
"redissessions secret" prints. What is in secret_previous now (%d) stays until step 3.

  1.  secret = OLD
      secret_previous = NEW            servers that do not know NEW would take its cookies for forged
  2.  secret = NEW
      secret_previous = OLD            cookies are signed anew when they are next used
  3.  secret = NEW                     %s

A secret that has leaked is replaced at once, without steps: whatever it signed is refused,
and everybody logs in again.
`, len(s.Settings.SecretPrevious), wait)
			return nil
		},
	})
	return cmd
}
