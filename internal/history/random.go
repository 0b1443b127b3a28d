package history

import "encoding/hex"

// mix is the finaliser of SplitMix64: a bijection whose values look random.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// random is a SplitMix64 generator, whose whole state is a number: a device and
// a day have one of their own. Good ones of the standard library cost more than
// the rest of an event.
type random uint64

func (r *random) next() uint64 {
	x := mix(uint64(*r))
	*r += 0x9e3779b97f4a7c15
	return x
}

// below returns a number from 0 to n-1.
func (r *random) below(n int) int { return int(uint64(uint32(r.next())) * uint64(n) >> 32) }

// chance is true in so many of a thousand cases.
func (r *random) chance(thousandths int) bool { return r.below(1000) < thousandths }

// uuid writes two numbers as a UUID. It keeps all bits of the second, so that
// ids differ where it does.
func uuid(high, low uint64) string {
	var raw [16]byte
	for i := range 8 {
		raw[i], raw[8+i] = byte(high>>(56-8*i)), byte(low>>(56-8*i))
	}
	var text [36]byte
	hex.Encode(text[0:], raw[0:4])
	text[8] = '-'
	hex.Encode(text[9:], raw[4:6])
	text[13] = '-'
	hex.Encode(text[14:], raw[6:8])
	text[18] = '-'
	hex.Encode(text[19:], raw[8:10])
	text[23] = '-'
	hex.Encode(text[24:], raw[10:16])
	return string(text[:])
}
