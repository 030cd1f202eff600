package norm

// Reed-Solomon over GF(2^8), as RFC 5510 describes for FEC Encoding ID 5 and NRL's
// library computes it. The k data symbols of a block are the values at the points
// 0, 1, α, α², … of a polynomial of degree below k; parity symbols are its values
// at the points that follow. So any k symbols determine all others, by Lagrange's
// formula.

// polynomial generates the field: x^8 + x^4 + x^3 + x^2 + 1.
const polynomial = 0x11d

// gf are powers of α, twice in a row so that sums of logarithms need no modulus,
// and their logarithms.
var gf = func() (t struct {
	exp [510]byte
	log [256]int
}) {
	x := 1
	for i := range 255 {
		t.exp[i], t.exp[i+255] = byte(x), byte(x)
		t.log[x] = i
		if x <<= 1; x > 255 {
			x ^= polynomial
		}
	}
	return t
}()

func multiply(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return gf.exp[gf.log[a]+gf.log[b]]
}

func divide(a, b byte) byte {
	if a == 0 {
		return 0
	}
	return gf.exp[gf.log[a]+255-gf.log[b]]
}

// point is where the symbol stands on the polynomial.
func point(symbol int) byte {
	if symbol == 0 {
		return 0
	}
	return gf.exp[symbol-1]
}

// weight is how much the symbol known[i] counts in symbol wanted.
func weight(known []int, i, wanted int) byte {
	x, own := point(wanted), point(known[i])
	up, down := byte(1), byte(1)
	for j, s := range known {
		if j != i {
			up = multiply(up, x^point(s))
			down = multiply(down, own^point(s))
		}
	}
	return divide(up, down)
}

// interpolate computes a symbol from as many known ones as a block has data
// symbols. Their vectors may be of any length: what is missing is 0.
func interpolate(known []int, vectors [][]byte, wanted, size int) []byte {
	sum := make([]byte, size)
	for i, v := range vectors {
		w := weight(known, i, wanted)
		if w == 0 {
			continue
		}
		log := gf.log[w]
		for j, b := range v[:min(len(v), size)] {
			if b != 0 {
				sum[j] ^= gf.exp[log+gf.log[b]]
			}
		}
	}
	return sum
}
