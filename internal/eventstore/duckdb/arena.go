package duckdb

import (
	"runtime"
	"unsafe"
)

// Sizes of an arena's blocks: the smallest, and the largest kept over a reset.
const (
	arenaBlock = 256 << 10
	arenaKeep  = 4 << 20
)

// arena holds the bytes of the long strings of one chunk, to which the chunk's
// vectors, C memory, point. Its blocks are pinned, so that their addresses may
// stand there until the next reset.
type arena struct {
	pins  runtime.Pinner
	block []byte // the newest block
	used  int    // bytes of it
	total int    // size of all blocks
}

// put copies s, which is not empty, and returns the address of the copy.
func (a *arena) put(s string) uintptr {
	if len(s) > len(a.block)-a.used {
		a.grow(max(len(s), arenaBlock))
	}
	place := a.block[a.used:]
	a.used += copy(place, s)
	return uintptr(unsafe.Pointer(unsafe.SliceData(place)))
}

// reset forgets all strings. It makes one block of many, so that an arena soon
// has the one block that its chunks need.
func (a *arena) reset() {
	a.used = 0
	if a.total == len(a.block) && a.total <= arenaKeep {
		return
	}
	size := min(a.total, arenaKeep)
	a.release()
	a.grow(size)
}

func (a *arena) release() {
	a.pins.Unpin()
	a.block, a.used, a.total = nil, 0, 0
}

func (a *arena) grow(size int) {
	a.block, a.used = make([]byte, size), 0
	a.total += size
	a.pins.Pin(unsafe.SliceData(a.block))
}
