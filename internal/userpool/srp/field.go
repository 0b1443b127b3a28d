package srp

import (
	"crypto/subtle"
	"encoding/binary"
	"math/big"
	"math/bits"
)

// Size is the length in bytes of a number of the group.
const Size = 384

// limbs is the length of a number of the group in 64-bit words.
const limbs = Size / 8

// primeHex is N, the 3072-bit prime of RFC 5054 appendix A (group 15 of RFC
// 3526). Its lowest and its highest 64 bits are all ones.
const primeHex = "" +
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

var (
	prime, _ = new(big.Int).SetString(primeHex, 16)

	modulus         = words(prime)
	modulusReversed = reversed(&modulus)

	one        = words(power2(3072)) // 1 in Montgomery form: R mod N
	montgomery = words(power2(6144)) // R² mod N, which brings a number into Montgomery form
)

// element is a number modulo N in Montgomery form: x·R mod N with R = 2^3072,
// as little-endian 64-bit words. Its operations take the same time for all
// values: no branch and no memory address depends on a word of an element.
type element [limbs]uint64

// wide is a product of two elements before its reduction.
type wide [2 * limbs]uint64

// power2 returns 2^n mod N.
func power2(n uint) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(1), n)
	return x.Mod(x, prime)
}

// words returns the words of x, 0 <= x < R, as they are. It is for constants
// and public numbers.
func words(x *big.Int) element {
	return load((*[Size]byte)(x.FillBytes(make([]byte, Size))))
}

// load reads words from big-endian bytes.
func load(b *[Size]byte) (w element) {
	for i := range w {
		w[i] = binary.BigEndian.Uint64(b[Size-8*(i+1):])
	}
	return w
}

// newElement returns the element of a big-endian number, which may be any
// number below R: it is reduced.
func newElement(b *[Size]byte) (z element) {
	w := load(b)
	z.mul(&w, &montgomery)
	return z
}

// bytes returns the number as big-endian bytes.
func (z *element) bytes() *[Size]byte {
	var t wide
	copy(t[:], z[:])
	var plain element
	plain.reduce(&t)

	b := new([Size]byte)
	for i, w := range plain {
		binary.BigEndian.PutUint64(b[Size-8*(i+1):], w)
	}
	return b
}

// isZero tells whether z is 0, for public values.
func (z *element) isZero() bool { return *z == element{} }

// add sets z to x + y.
func (z *element) add(x, y *element) {
	var sum element
	var carry uint64
	for i := range sum {
		sum[i], carry = bits.Add64(x[i], y[i], carry)
	}
	z.subtractModulus(&sum, carry)
}

// mul sets z to x · y.
func (z *element) mul(x, y *element) {
	var t wide
	t.product(x, y)
	z.reduce(&t)
}

// square sets z to x².
func (z *element) square(x *element) {
	var t wide
	t.square(x)
	z.reduce(&t)
}

// subtractModulus sets z to x mod N, where x < 2N and carry is the word above x.
func (z *element) subtractModulus(x *element, carry uint64) {
	var less element
	var borrow uint64
	for i := range less {
		less[i], borrow = bits.Sub64(x[i], modulus[i], borrow)
	}
	_, borrow = bits.Sub64(carry, 0, borrow)
	keep := -borrow // all ones when x < N
	for i := range z {
		z[i] = less[i] ^ keep&(less[i]^x[i])
	}
}

// pick sets z to table[i] and reads the whole table, so that i stays secret.
func (z *element) pick(table *[16]element, i byte) {
	*z = element{}
	for j := range table {
		mask := -uint64(subtle.ConstantTimeByteEq(i, byte(j)))
		for l, w := range &table[j] {
			z[l] |= mask & w
		}
	}
}
