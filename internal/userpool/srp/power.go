package srp

import "sync"

// exponent is a big-endian 256-bit exponent: the server's b, the password's x,
// or the public u.
type exponent = [32]byte

// digit returns the i-th hexadecimal digit of e, the highest first.
func digit(e *exponent, i int) byte {
	return e[i/2] >> (4 - 4*(i%2)) & 15
}

// power sets z to x^e in constant time, with windows of 4 bits.
func (z *element) power(x *element, e *exponent) {
	table := powers(x)
	var result, factor element
	result.pick(table, digit(e, 0))
	for i := 1; i < 2*len(e); i++ {
		for range 4 {
			result.square(&result)
		}
		factor.pick(table, digit(e, i))
		result.mul(&result, &factor)
	}
	*z = result
}

// powers returns x^0 to x^15.
func powers(x *element) *[16]element {
	table := &[16]element{one, *x}
	for i := 2; i < len(table); i += 2 {
		table[i].square(&table[i/2])
		table[i+1].mul(&table[i], x)
	}
	return table
}

// generatorTable holds, for each digit of an exponent, the powers of the
// generator g = 2 that the digit may stand for: g^(j·16^i). It takes 393 kB and
// some 3 ms to make, which happens when it is first needed.
var generatorTable = sync.OnceValue(func() *[64][16]element {
	table := new([64][16]element)
	var base element
	base.add(&one, &one)
	for i := len(table) - 1; i >= 0; i-- {
		table[i] = *powers(&base)
		base.mul(&table[i][15], &base)
	}
	return table
})

// generatorPower sets z to g^e in constant time: one multiplication for each
// digit of e and no squaring.
func (z *element) generatorPower(e *exponent) {
	table := generatorTable()
	result, factor := one, element{}
	for i := range table {
		factor.pick(&table[i], digit(e, i))
		result.mul(&result, &factor)
	}
	*z = result
}
