package userpool

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"math/big"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// certificate is by what a pool signs its requests to SAML providers, at rest. Its
// owner is the pool, its id is samlCertificate.
type certificate struct {
	Key []byte // sealed
	DER []byte
}

var certificates = store.NewCollection[certificate]("user_pool_certificate")

const (
	samlCertificate = "saml"
	// certificateYears is how long a certificate is valid (Cognito API reference,
	// GetSigningCertificate).
	certificateYears = 10
)

// getSigningCertificate implements GetSigningCertificate.
func (s *Service) getSigningCertificate(ctx context.Context, c *wire.Call, in *cognitoidp.GetSigningCertificateRequest) (*cognitoidp.GetSigningCertificateResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	held, err := s.certificate(ctx, p.Id)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetSigningCertificateResponse{Certificate: base64.StdEncoding.EncodeToString(held.DER)}, nil
}

// certificate returns a pool's certificate, and makes it when it is asked for first.
func (s *Service) certificate(ctx context.Context, poolID string) (*certificate, error) {
	var held *certificate
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		held, err = certificates.Get(tx, poolID, samlCertificate)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return held, err
	}
	made, err := s.newCertificate(poolID)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if held, err = certificates.Get(tx, poolID, samlCertificate); !errors.Is(err, store.ErrNotFound) {
			return err // made meanwhile
		}
		if _, err := pools.Get(tx, s.account, poolID); errors.Is(err, store.ErrNotFound) {
			return errNoPool(poolID)
		} else if err != nil {
			return err
		}
		held = made
		return certificates.Insert(tx, poolID, samlCertificate, made)
	})
	return held, err
}

// newCertificate makes a key and signs its certificate with it.
func (s *Service) newCertificate(poolID string) (*certificate, error) {
	key, err := s.newKeys.take()
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: poolID},
		NotBefore:    now.Add(-time.Minute), NotAfter: now.AddDate(certificateYears, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	made := new(certificate)
	if made.DER, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key.Signer()); err != nil {
		return nil, err
	}
	pkcs8, err := key.MarshalBinary()
	if err != nil {
		return nil, err
	}
	made.Key = s.signing.Seal(pkcs8, poolID, samlCertificate)
	return made, nil
}
