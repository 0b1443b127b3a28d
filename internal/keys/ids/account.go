package ids

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind is the four letters that start an IAM identifier and say what it names
// (IAM user guide, "IAM identifiers").
type Kind string

// The kinds of IAM identifiers that Pintail makes.
const (
	AccessKey          Kind = "AKIA" // a user's long-term access key
	TemporaryAccessKey Kind = "ASIA" // access key of temporary credentials
	User               Kind = "AIDA"
	Role               Kind = "AROA"
	Group              Kind = "AGPA"
	ManagedPolicy      Kind = "ANPA"
	PolicyVersion      Kind = "ANVA"
	InstanceProfile    Kind = "AIPA"
)

// ErrAccount means that a text is no AWS account id.
var ErrAccount = errors.New("ids: an account id is 12 digits")

// Account is an AWS account, whose number every IAM identifier carries.
type Account struct{ number uint64 }

// ParseAccount reads an account id of 12 digits, or returns [ErrAccount].
func ParseAccount(id string) (Account, error) {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil || len(id) != 12 || strings.Trim(id, digits) != "" {
		return Account{}, ErrAccount
	}
	return Account{number}, nil
}

// String returns the account id.
func (a Account) String() string { return fmt.Sprintf("%012d", a.number) }

// An IAM identifier is its kind, then in base32: the account halved plus 2^39 in 40
// bits, the account's last bit, and random bits. The form is not documented; it is
// read off real identifiers.
const (
	accountBias = 1 << 39
	accountEnd  = 12 // where the 8 digits of the account end
	oddDigit    = 16 // the lowest base32 digit that stands for an odd account
)

const base32Alphabet = upper + "234567"

// NewID returns a new identifier of the kind: 20 characters for access keys, 21 for
// all else.
func (a Account) NewID(kind Kind) string {
	value := binary.BigEndian.AppendUint64(nil, a.number/2+accountBias)
	half := base32Alphabet[:oddDigit]
	if a.number%2 == 1 {
		half = base32Alphabet[oddDigit:]
	}
	rest := 8
	if kind == AccessKey || kind == TemporaryAccessKey {
		rest = 7
	}
	return string(kind) + base32.StdEncoding.EncodeToString(value[3:]) + random(half, 1) + random(base32Alphabet, rest)
}

// AccountOf returns the account that an identifier carries, as GetAccessKeyInfo
// tells it without looking anything up; false when it carries none.
func AccountOf(id string) (Account, bool) {
	if len(id) <= accountEnd {
		return Account{}, false
	}
	value, err := base32.StdEncoding.DecodeString(id[accountEnd-8 : accountEnd])
	last := strings.IndexByte(base32Alphabet, id[accountEnd])
	if err != nil || len(value) != 5 || last < 0 { // the decoder skips line breaks
		return Account{}, false
	}
	half := binary.BigEndian.Uint64(append(make([]byte, 3), value...))
	number := (half-accountBias)*2 + uint64(last/oddDigit)
	return Account{number}, half >= accountBias && number <= 999_999_999_999
}
