package connect

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS describes the encryption of the connections to Redis, also those to the
// sentinels and to every node of a cluster. The server's certificate is always
// checked.
type TLS struct {
	// Enabled turns it on. A URL with rediss does so too.
	Enabled bool
	// CAFile is a PEM file with the certificates that sign the server's. The
	// default is the system's.
	CAFile string
	// CertFile and KeyFile are PEM files with the client's certificate and its
	// private key, for a server that asks for one. The default is none.
	CertFile string
	KeyFile  string
	// ServerName is the name to look for in the server's certificate. The
	// default is the host that is connected to.
	ServerName string
}

// Config reads the files and returns what crypto/tls needs, or nil when TLS is
// not enabled. The server name is empty unless it was set: the host that is
// dialed then fills it in.
func (t TLS) Config() (*tls.Config, error) {
	if !t.Enabled {
		if t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" || t.ServerName != "" {
			return nil, errors.New("connect: tls: a file or server name is set but TLS is not enabled")
		}
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("connect: tls: the CA file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("connect: tls: the CA file %s has no PEM certificate", t.CAFile)
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("connect: tls: a client certificate needs both its file and its key's file")
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("connect: tls: the client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
