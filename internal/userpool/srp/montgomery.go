package srp

import "math/bits"

// Products are computed column by column (Comba's method), because a column's sum
// stays in three registers while it grows, and two columns at a time, because both
// need the same words. What the compiler makes of this beats the same work row by
// row.

// column is the sum of the products of one column: a 192-bit number, far more
// than the 2·48 products of 128 bits and the carries need.
type column struct{ lo, mid, hi uint64 }

// plus returns c + x.
func (c column) plus(x uint64) column {
	var carry uint64
	c.lo, carry = bits.Add64(c.lo, x, 0)
	c.mid, carry = bits.Add64(c.mid, 0, carry)
	c.hi, _ = bits.Add64(c.hi, 0, carry)
	return c
}

// plusProduct returns c + x·y.
func (c column) plusProduct(x, y uint64) column {
	var carry uint64
	hi, lo := bits.Mul64(x, y)
	c.lo, carry = bits.Add64(c.lo, lo, 0)
	c.mid, carry = bits.Add64(c.mid, hi, carry)
	c.hi, _ = bits.Add64(c.hi, 0, carry)
	return c
}

// plusCarry returns c plus what the column right of it carries.
func (c column) plusCarry(right column) column {
	var carry uint64
	c.lo, carry = bits.Add64(c.lo, right.mid, 0)
	c.mid, carry = bits.Add64(c.mid, right.hi, carry)
	c.hi, _ = bits.Add64(c.hi, 0, carry)
	return c
}

// plusPair returns c + Σ x[i]·y[i+1] and d0 + Σ x[i]·y[i]. With y a number's
// words in reverse, these are two columns side by side, of which c is the right
// one. y is longer than x.
func plusPair(c column, d0 uint64, x, y []uint64) (column, column) {
	d := column{lo: d0}
	var carry uint64
	y = y[:len(x)+1] // spares the loop its bounds checks
	shared := y[len(x)]
	for i := len(x) - 1; i >= 0; i-- {
		hi, lo := bits.Mul64(x[i], shared)
		c.lo, carry = bits.Add64(c.lo, lo, 0)
		c.mid, carry = bits.Add64(c.mid, hi, carry)
		c.hi, _ = bits.Add64(c.hi, 0, carry)

		shared = y[i]
		hi, lo = bits.Mul64(x[i], shared)
		d.lo, carry = bits.Add64(d.lo, lo, 0)
		d.mid, carry = bits.Add64(d.mid, hi, carry)
		d.hi, _ = bits.Add64(d.hi, 0, carry)
	}
	return c, d
}

// reversed returns the words of x from the highest to the lowest.
func reversed(x *element) (r element) {
	for i, w := range x {
		r[limbs-1-i] = w
	}
	return r
}

// product sets t to x · y.
func (t *wide) product(x, y *element) {
	r := reversed(y)
	var c, d column
	for k := 0; k < limbs; k += 2 { // columns k and k+1
		c, d = plusPair(c, 0, x[:k+1], r[limbs-2-k:])
		d = d.plusProduct(x[k+1], y[0]).plusCarry(c)
		t[k], t[k+1] = c.lo, d.lo
		c = column{}.plusCarry(d)
	}
	for k := 0; k < limbs; k += 2 { // columns limbs+k and limbs+k+1
		c, d = plusPair(c, 0, x[k+2:], r[:])
		c = c.plusProduct(x[k+1], y[limbs-1])
		d = d.plusCarry(c)
		t[limbs+k], t[limbs+k+1] = c.lo, d.lo
		c = column{}.plusCarry(d)
	}
}

// square sets t to x²: the products of different words once, doubled, and the
// squares of the words.
func (t *wide) square(x *element) {
	r := reversed(x)
	var c, d column
	for k := 0; k < limbs; k += 2 { // columns k and k+1, the words i < j
		c, d = plusPair(c, 0, x[:k/2], r[limbs-2-k:])
		d = d.plusProduct(x[k/2], x[k/2+1]).plusCarry(c)
		t[k], t[k+1] = c.lo, d.lo
		c = column{}.plusCarry(d)
	}
	for k := 0; k < limbs-2; k += 2 { // columns limbs+k and limbs+k+1
		middle := (limbs + k) / 2
		c, d = plusPair(c, 0, x[k+2:middle], r[:])
		c = c.plusProduct(x[k+1], x[limbs-1])
		d = d.plusProduct(x[middle], x[middle+1]).plusCarry(c)
		t[limbs+k], t[limbs+k+1] = c.lo, d.lo
		c = column{}.plusCarry(d)
	}
	t[2*limbs-2], t[2*limbs-1] = c.lo, c.mid

	var shifted, carry uint64
	for i, w := range x {
		even, odd := t[2*i], t[2*i+1]
		hi, lo := bits.Mul64(w, w)
		t[2*i], carry = bits.Add64(even<<1|shifted, lo, carry)
		t[2*i+1], carry = bits.Add64(odd<<1|even>>63, hi, carry)
		shifted = odd >> 63
	}
}

// reduce sets z to t/R mod N, where t < N·R (Montgomery's reduction): it adds
// the multiple q·N that clears the lower half of t. N ends in 64 ones, so it is
// -1 modulo a word and the words of q are those to be cleared.
func (z *element) reduce(t *wide) {
	var q element
	var c, d column
	for k := 0; k < limbs; k += 2 {
		c, d = plusPair(c.plus(t[k]), t[k+1], q[:k], modulusReversed[limbs-2-k:])
		q[k] = c.lo
		c = c.plusProduct(q[k], modulus[0])
		d = d.plusProduct(q[k], modulus[1]).plusCarry(c)
		q[k+1] = d.lo
		d = d.plusProduct(q[k+1], modulus[0])
		c = column{}.plusCarry(d)
	}
	var sum element
	for k := 0; k < limbs; k += 2 {
		c, d = plusPair(c.plus(t[limbs+k]), t[limbs+k+1], q[k+2:], modulusReversed[:])
		c = c.plusProduct(q[k+1], modulus[limbs-1])
		d = d.plusCarry(c)
		sum[k], sum[k+1] = c.lo, d.lo
		c = column{}.plusCarry(d)
	}
	z.subtractModulus(&sum, c.lo)
}
