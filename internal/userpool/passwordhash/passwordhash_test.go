package passwordhash

import (
	"errors"
	"strings"
	"testing"
)

// vectors are hashes that others made.
var vectors = []struct {
	source    string
	algorithm Algorithm
	hash      string
	password  string
}{
	{"jBCrypt", BCRYPT, "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"},
	{"jBCrypt", BCRYPT, "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc"},
	{"jBCrypt", BCRYPT, "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO", "~!@#$%^&*()      ~!@#$%^&*()PNBFRD"},
	{"crypt_blowfish, an eight-bit letter", BCRYPT, "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
	{"golang.org/x/crypto", BCRYPT, "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine"},
	{"RFC 7914, 12", SCRYPT, "16384$8$1$536f6469756d43686c6f72696465$" +
		"7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
		"pleaseletmein"},
	{"the reference implementation's tests", ARGON2ID, "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"},
	{"RFC 7914, 11", PBKDF2SHA256, "$pbkdf2-sha256$1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw", "passwd"},
	{"RFC 7914, 11, as passlib writes it", PBKDF2SHA256, "$pbkdf2-sha256$80000$TmFDbA$TdzY9guYviGDDO5e8icB.WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ", "Password"},
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		t.Run(v.source, func(t *testing.T) {
			t.Parallel()
			h, err := Parse(v.algorithm, v.hash)
			if err != nil {
				t.Fatal(err)
			}
			if !h.Matches(v.password) {
				t.Errorf("%q does not match", v.password)
			}
			for _, other := range []string{"", v.password + "x", strings.ToUpper(v.password) + "!", v.password[1:] + "x"} {
				if h.Matches(other) {
					t.Errorf("%q matches", other)
				}
			}
		})
	}
}

// The examples of the Cognito developer guide are at the limits, and taken.
func TestExamplesOfTheGuide(t *testing.T) {
	t.Parallel()
	for algorithm, hash := range map[Algorithm]string{
		BCRYPT:       "$2b$10$CtA.Rcu/szzn9U00wpUjOuN3vrgJRZycv4aOzcP3GzqzO8UDPEFq6",
		SCRYPT:       "65536$8$1$304dbaef7c5e828dc19c98f0600d18fe$4f69c498c12cd102d057356facf8d77e8d42407090491ea32c5b038f5a18c099",
		ARGON2ID:     "$argon2id$v=19$m=19456,t=2,p=1$ko/G5o1ms+ML08P95sQ8DA$AkVbvWSOqz7Hs3qthhWKxicOWnGLN+MBmpwc3emi5VA",
		PBKDF2SHA256: "$pbkdf2-sha256$600000$1XZlmwLQ2hhM3JYuCPiArQ$Pfheg9Zi/v5lXU4yyLA0WFUYEd/rlaVbzrM9oMD6IrA",
	} {
		h, err := Parse(algorithm, hash)
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
			continue
		}
		if h.Matches("not the password") {
			t.Errorf("%s matches anything", algorithm)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const bcryptRest = "$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkY8jIucDrjcTV4S6ytw"
	const hexSalt, hexKey = "304dbaef7c5e828d", "4f69c498c12cd102d057356facf8d77e"
	const salt, key = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	tests := []struct {
		algorithm Algorithm
		text      string
		want      error
	}{
		{"MD5", "", ErrAlgorithm},
		{BCRYPT, "", ErrForm},
		{BCRYPT, "$2c$10" + bcryptRest, ErrForm},
		{BCRYPT, "$2$10" + bcryptRest, ErrForm},
		{BCRYPT, "$2a$13" + bcryptRest, ErrLimit},
		{BCRYPT, "$2a$99" + bcryptRest, ErrLimit},
		{BCRYPT, "$2a$03" + bcryptRest, ErrLimit},
		{BCRYPT, "$2a$1" + bcryptRest, ErrForm},
		{BCRYPT, "$2a$10" + bcryptRest + "x", ErrForm},
		{BCRYPT, "$2a$10" + bcryptRest[:53], ErrForm},
		{BCRYPT, "$2a$10" + bcryptRest + "\n", ErrForm},
		{SCRYPT, "16384$8$1$" + hexSalt, ErrForm},
		{SCRYPT, "131072$8$1$" + hexSalt + "$" + hexKey, ErrLimit},
		{SCRYPT, "16384$9$1$" + hexSalt + "$" + hexKey, ErrLimit},
		{SCRYPT, "16384$8$2$" + hexSalt + "$" + hexKey, ErrLimit},
		{SCRYPT, "16383$8$1$" + hexSalt + "$" + hexKey, ErrLimit},
		{SCRYPT, "1$8$1$" + hexSalt + "$" + hexKey, ErrLimit},
		{SCRYPT, "0$8$1$" + hexSalt + "$" + hexKey, ErrLimit},
		{SCRYPT, "-16384$8$1$" + hexSalt + "$" + hexKey, ErrForm},
		{SCRYPT, "016384$8$1$" + hexSalt + "$" + hexKey, ErrForm},
		{SCRYPT, "99999999999999999999$8$1$" + hexSalt + "$" + hexKey, ErrForm},
		{SCRYPT, "16384$8$1$xyz$" + hexKey, ErrForm},
		{SCRYPT, "16384$8$1$" + hexSalt + "$", ErrLimit},
		{SCRYPT, "16384$8$1$$" + hexKey, ErrLimit},
		{ARGON2ID, "$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + key, ErrForm},
		{ARGON2ID, "$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + key, ErrForm},
		{ARGON2ID, "$argon2id$m=256,t=2,p=1$" + salt + "$" + key, ErrForm},
		{ARGON2ID, "$argon2id$v=19$t=2,m=256,p=1$" + salt + "$" + key, ErrForm},
		{ARGON2ID, "$argon2id$v=19$m=256,t=2$" + salt + "$" + key, ErrForm},
		{ARGON2ID, "$argon2id$v=19$m=19457,t=2,p=1$" + salt + "$" + key, ErrLimit},
		{ARGON2ID, "$argon2id$v=19$m=256,t=3,p=1$" + salt + "$" + key, ErrLimit},
		{ARGON2ID, "$argon2id$v=19$m=256,t=2,p=2$" + salt + "$" + key, ErrLimit},
		{ARGON2ID, "$argon2id$v=19$m=7,t=2,p=1$" + salt + "$" + key, ErrLimit},
		{ARGON2ID, "$argon2id$v=19$m=256,t=0,p=1$" + salt + "$" + key, ErrLimit},
		{ARGON2ID, "$argon2id$v=19$m=256,t=2,p=1$" + salt + "=$" + key, ErrForm},
		{ARGON2ID, "$argon2id$v=19$m=256,t=2,p=1$" + salt + "\n$" + key, ErrForm},
		{ARGON2ID, "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + salt, ErrLimit},
		{PBKDF2SHA256, "$pbkdf2-sha256$600001$" + salt + "$" + key, ErrLimit},
		{PBKDF2SHA256, "$pbkdf2-sha256$0$" + salt + "$" + key, ErrLimit},
		{PBKDF2SHA256, "$pbkdf2-sha512$1000$" + salt + "$" + key, ErrForm},
		{PBKDF2SHA256, "pbkdf2-sha256$1000$" + salt + "$" + key, ErrForm},
		{PBKDF2SHA256, "$pbkdf2-sha256$1000$" + salt + "$" + key + "$", ErrForm},
		{PBKDF2SHA256, "$pbkdf2-sha256$1000$" + strings.Repeat("A", 200) + "$" + key, ErrLimit},
		{PBKDF2SHA256, strings.Repeat("$", 1<<20), ErrForm},
	}
	for _, test := range tests {
		if _, err := Parse(test.algorithm, test.text); !errors.Is(err, test.want) {
			t.Errorf("%s %.60q: %v, want %v", test.algorithm, test.text, err, test.want)
		}
	}
}

// A hash of one algorithm is none of another.
func TestAlgorithmsDiffer(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		for _, other := range []Algorithm{BCRYPT, SCRYPT, ARGON2ID, PBKDF2SHA256} {
			if _, err := Parse(other, v.hash); (err == nil) != (other == v.algorithm) {
				t.Errorf("%s as %s: %v", v.hash, other, err)
			}
		}
	}
}

// What Parse takes is within the limits, whatever the text.
func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(string(v.algorithm), v.hash)
	}
	f.Add("SCRYPT", "16384$8$1$$")
	f.Fuzz(func(t *testing.T, algorithm, text string) {
		h, err := Parse(Algorithm(algorithm), text)
		if err != nil {
			if h != nil {
				t.Fatal("a hash beside an error")
			}
			return
		}
		switch h := h.(type) {
		case bcryptHash:
			if len(h) != 60 {
				t.Fatalf("%d bytes", len(h))
			}
		case scryptHash:
			if h.n > maxScryptN || h.r > maxScryptR || h.p > maxScryptP || h.check() != nil {
				t.Fatalf("%+v", h)
			}
		case argon2Hash:
			if h.memory > maxArgon2Memory || h.time > maxArgon2Time || h.lanes > maxArgon2Lanes || h.check() != nil {
				t.Fatalf("%+v", h)
			}
		case pbkdf2Hash:
			if h.iterations > maxPBKDF2Iterations || h.check() != nil {
				t.Fatalf("%+v", h)
			}
		default:
			t.Fatalf("%T", h)
		}
	})
}

func BenchmarkAtTheLimits(b *testing.B) {
	for algorithm, text := range map[Algorithm]string{
		BCRYPT:       "$2b$12$CtA.Rcu/szzn9U00wpUjOuN3vrgJRZycv4aOzcP3GzqzO8UDPEFq6",
		SCRYPT:       "65536$8$1$304dbaef7c5e828dc19c98f0600d18fe$4f69c498c12cd102d057356facf8d77e8d42407090491ea32c5b038f5a18c099",
		ARGON2ID:     "$argon2id$v=19$m=19456,t=2,p=1$ko/G5o1ms+ML08P95sQ8DA$AkVbvWSOqz7Hs3qthhWKxicOWnGLN+MBmpwc3emi5VA",
		PBKDF2SHA256: "$pbkdf2-sha256$600000$1XZlmwLQ2hhM3JYuCPiArQ$Pfheg9Zi/v5lXU4yyLA0WFUYEd/rlaVbzrM9oMD6IrA",
	} {
		h, err := Parse(algorithm, text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.Matches("password")
			}
		})
	}
}
