package trigger

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
)

// The AWS Encryption SDK's message, format version 2, algorithm suite 0x0478: AES-GCM
// with 256 bits, keys derived by HKDF-SHA512, and a commitment to the key (AWS
// Encryption SDK developer guide, "Message format reference"). A suite that commits
// is read under every commitment policy of the SDK, one that does not is refused by
// its default.
const (
	messageVersion2 = 2
	suiteCommitting = 0x0478
	messageIDSize   = 32
	keySize         = 32
	tagSize         = 16
	nonceSize       = 12
	framed          = 2
	frameLength     = 4096
	finalFrame      = 0xFFFFFFFF
	finalFrameLabel = "AWSKMSEncryptionClient Final Frame"
)

// poolContext is the name under which Cognito puts the pool's id into the
// encryption context.
const poolContext = "userpool-id"

// SealCode encrypts a code for a pool's sender and returns the message in base64.
func (k *rawKey) SealCode(userPoolID, code string) (string, error) {
	if len(code) > frameLength {
		return "", errTooLarge
	}
	var dataKey [keySize]byte
	var id [messageIDSize]byte
	rand.Read(dataKey[:])
	rand.Read(id[:])
	derived, commitment, err := deriveKeys(dataKey[:], id[:])
	if err != nil {
		return "", err
	}
	context := encryptionContext(poolContext, userPoolID)
	header := binary.BigEndian.AppendUint16([]byte{messageVersion2}, suiteCommitting)
	header = append(header, id[:]...)
	header = appendSized(header, context)
	header = binary.BigEndian.AppendUint16(header, 1) // encrypted data keys
	header = append(header, k.wrap(dataKey[:], context)...)
	header = append(header, framed)
	header = binary.BigEndian.AppendUint32(header, frameLength)
	header = append(header, commitment...)

	seal := gcm(derived)
	message := seal.Seal(bytes.Clone(header), make([]byte, nonceSize), nil, header)
	return base64.StdEncoding.EncodeToString(appendFinalFrame(message, seal, id[:], code)), nil
}

// appendFinalFrame appends the one frame of a short message.
func appendFinalFrame(message []byte, seal cipher.AEAD, id []byte, code string) []byte {
	const sequence = 1
	nonce := binary.BigEndian.AppendUint32(make([]byte, nonceSize-4), sequence)
	authenticated := append(bytes.Clone(id), finalFrameLabel...)
	authenticated = binary.BigEndian.AppendUint32(authenticated, sequence)
	authenticated = binary.BigEndian.AppendUint64(authenticated, uint64(len(code)))

	message = binary.BigEndian.AppendUint32(message, finalFrame)
	message = binary.BigEndian.AppendUint32(message, sequence)
	message = append(message, nonce...)
	message = binary.BigEndian.AppendUint32(message, uint32(len(code)))
	return seal.Seal(message, nonce, []byte(code), authenticated)
}

// deriveKeys makes of a data key the key of one message and the commitment to it.
func deriveKeys(dataKey, id []byte) (derived, commitment []byte, err error) {
	extracted, err := hkdf.Extract(sha512.New, dataKey, id)
	if err != nil {
		return nil, nil, err
	}
	suite := string(binary.BigEndian.AppendUint16(nil, suiteCommitting))
	if derived, err = hkdf.Expand(sha512.New, extracted, suite+"DERIVEKEY", keySize); err != nil {
		return nil, nil, err
	}
	commitment, err = hkdf.Expand(sha512.New, extracted, "COMMITKEY", keySize)
	return derived, commitment, err
}

// wrap returns the data key encrypted as the raw AES keyring does it: the provider's
// information is the key's name, the lengths of tag and nonce in bits and bytes, and
// the nonce.
func (k *rawKey) wrap(dataKey, context []byte) []byte {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	info := binary.BigEndian.AppendUint32([]byte(k.name), tagSize*8)
	info = binary.BigEndian.AppendUint32(info, nonceSize)
	info = append(info, nonce...)

	wrapped := appendSized(nil, []byte(k.namespace))
	wrapped = appendSized(wrapped, info)
	return appendSized(wrapped, gcm(k.key[:]).Seal(nil, nonce, dataKey, context))
}

// encryptionContext writes a context of one pair.
func encryptionContext(name, value string) []byte {
	context := binary.BigEndian.AppendUint16(nil, 1)
	context = appendSized(context, []byte(name))
	return appendSized(context, []byte(value))
}

// appendSized appends a text behind its length in two bytes.
func appendSized(dst, text []byte) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(text))), text...)
}

// gcm returns the cipher under a key of the right length.
func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
