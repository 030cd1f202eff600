package ws

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

// serverTLS is for a bind: WSS_CERT_PEM, with the certificates in between behind
// it, and WSS_KEY_PEM.
func serverTLS(o *option.Options) (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(o.WSSCertPEM), []byte(o.WSSKeyPEM))
	if err != nil {
		return nil, fmt.Errorf("WSS_CERT_PEM and WSS_KEY_PEM: %w: %w", err, errno.EINVAL)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, nil
}

// clientTLS is for a connect: it trusts WSS_TRUST_PEM and, with WSS_TRUST_SYSTEM,
// what the system trusts; nobody if neither is set. The server's certificate must
// be for WSS_HOSTNAME, which is also asked for; if that is empty, any name will do,
// as in libzmq.
func clientTLS(o *option.Options) (*tls.Config, error) {
	trusted := x509.NewCertPool()
	if o.WSSTrustSystem {
		system, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("WSS_TRUST_SYSTEM: %w: %w", err, errno.EINVAL)
		}
		trusted = system
	}
	if o.WSSTrustPEM != "" && !trusted.AppendCertsFromPEM([]byte(o.WSSTrustPEM)) {
		return nil, fmt.Errorf("WSS_TRUST_PEM has no certificate: %w", errno.EINVAL)
	}
	c := &tls.Config{RootCAs: trusted, ServerName: o.WSSHostname}
	if o.WSSHostname == "" {
		c.InsecureSkipVerify = true // VerifyConnection does all but compare names
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(trusted, s.PeerCertificates) }
	}
	return c, nil
}

// verifyChain is what crypto/tls does for a client, without a name.
func verifyChain(trusted *x509.CertPool, chain []*x509.Certificate) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: trusted, Intermediates: between})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}
