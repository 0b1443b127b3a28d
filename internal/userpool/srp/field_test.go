package srp

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// radix is R, and unradix its inverse modulo N.
var (
	radix   = new(big.Int).Lsh(big.NewInt(1), 3072)
	unradix = new(big.Int).ModInverse(radix, prime)
)

// interesting draws words that stress carries: all zeros and all ones beside
// random ones.
var interesting = rapid.OneOf(rapid.Just(uint64(0)), rapid.Just(^uint64(0)), rapid.Uint64())

// drawNumber draws a number below limit.
func drawNumber(t *rapid.T, label string, limit *big.Int) *big.Int {
	x := new(big.Int)
	for _, w := range rapid.SliceOfN(interesting, limbs, limbs).Draw(t, label) {
		x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(w))
	}
	return x.Mod(x, limit)
}

func drawExponent(t *rapid.T, label string) *exponent {
	return (*exponent)(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
}

func elementOf(x *big.Int) element {
	return newElement((*[Size]byte)(x.FillBytes(make([]byte, Size))))
}

func number(z *element) *big.Int { return new(big.Int).SetBytes(z.bytes()[:]) }

func TestPrime(t *testing.T) {
	if prime.BitLen() != 3072 || !prime.ProbablyPrime(8) {
		t.Fatal("N is not a 3072-bit prime")
	}
	if half := new(big.Int).Rsh(prime, 1); !half.ProbablyPrime(8) {
		t.Fatal("N is not a safe prime")
	}
	if modulus[0] != ^uint64(0) {
		t.Fatal("reduce relies on N = -1 modulo 2^64")
	}
}

// The edges of the field, in every combination, against math/big.
func TestFieldEdges(t *testing.T) {
	t.Parallel()
	var edges []*big.Int
	for _, n := range []int64{0, 1, 2, 3} {
		edges = append(edges, big.NewInt(n), new(big.Int).Sub(prime, big.NewInt(n+1)))
	}
	edges = append(edges, new(big.Int).Sub(radix, prime), new(big.Int).Rsh(prime, 1))
	for _, x := range edges {
		for _, y := range edges {
			checkArithmetic(t, x, y)
		}
	}
}

func TestFieldArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkArithmetic(t, drawNumber(t, "x", prime), drawNumber(t, "y", prime))
	})
}

// checkArithmetic compares every operation on x and y with math/big.
func checkArithmetic(t rapid.TB, x, y *big.Int) {
	t.Helper()
	a, b := elementOf(x), elementOf(y)
	var z element
	check := func(operation string, want *big.Int) {
		t.Helper()
		if want.Mod(want, prime); number(&z).Cmp(want) != 0 {
			t.Fatalf("%s: x=%x y=%x: got %x, want %x", operation, x, y, number(&z), want)
		}
	}
	z = a
	check("conversion", new(big.Int).Set(x))
	z.add(&a, &b)
	check("x + y", new(big.Int).Add(x, y))
	z.mul(&a, &b)
	check("x * y", new(big.Int).Mul(x, y))
	z.square(&a)
	check("x * x", new(big.Int).Mul(x, x))
	z = b
	z.mul(&z, &z)
	check("y * y in place", new(big.Int).Mul(y, y))
	z = b
	z.square(&z)
	check("y squared in place", new(big.Int).Mul(y, y))
}

// Products before reduction, over words that no element of the field needs to
// reach, and reduction of everything that it promises to reduce.
func TestWideProducts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawNumber(t, "x", radix), drawNumber(t, "y", radix)
		a, b := words(x), words(y)
		var p, s wide
		p.product(&a, &b)
		s.square(&a)
		if wideNumber(&p).Cmp(new(big.Int).Mul(x, y)) != 0 {
			t.Fatalf("product of %x and %x is %x", x, y, wideNumber(&p))
		}
		if wideNumber(&s).Cmp(new(big.Int).Mul(x, x)) != 0 {
			t.Fatalf("square of %x is %x", x, wideNumber(&s))
		}
		b = words(y.Mod(y, prime))
		p.product(&a, &b)
		var z element
		z.reduce(&p)
		want := new(big.Int).Mul(x, y)
		if want.Mul(want, unradix).Mod(want, prime); words(want) != z {
			t.Fatalf("reduction of %x * %x", x, y)
		}
	})
}

func wideNumber(t *wide) *big.Int {
	x := new(big.Int)
	for i := len(t) - 1; i >= 0; i-- {
		x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(t[i]))
	}
	return x
}

func TestNewElementReduces(t *testing.T) {
	t.Parallel()
	for _, x := range []*big.Int{prime, new(big.Int).Add(prime, big.NewInt(5)), new(big.Int).Sub(radix, big.NewInt(1))} {
		z := elementOf(x)
		if want := new(big.Int).Mod(x, prime); number(&z).Cmp(want) != 0 {
			t.Errorf("%x became %x", x, number(&z))
		}
	}
	if z := elementOf(prime); !z.isZero() {
		t.Error("N is not zero modulo N")
	}
}

func TestPowers(t *testing.T) {
	t.Parallel()
	check := func(t rapid.TB, x *big.Int, e *exponent) {
		n := new(big.Int).SetBytes(e[:])
		base := elementOf(x)
		var z element
		z.power(&base, e)
		if want := new(big.Int).Exp(x, n, prime); number(&z).Cmp(want) != 0 {
			t.Fatalf("%x ^ %x = %x, want %x", x, n, number(&z), want)
		}
		z.generatorPower(e)
		if want := new(big.Int).Exp(big.NewInt(2), n, prime); number(&z).Cmp(want) != 0 {
			t.Fatalf("2 ^ %x = %x, want %x", n, number(&z), want)
		}
	}
	ones := exponent{}
	for i := range ones {
		ones[i] = 0xff
	}
	for _, e := range []*exponent{{}, {31: 1}, {31: 16}, {0: 0x80}, {0: 0x0f}, &ones} {
		check(t, new(big.Int).Sub(prime, big.NewInt(2)), e)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, drawNumber(t, "x", prime), drawExponent(t, "e"))
	})
}
