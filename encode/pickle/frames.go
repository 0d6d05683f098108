package pickle

import "encoding/binary"

// From protocol 4 on a pickle is cut into frames, so that a reader can fetch one at
// a time. CPython ends a frame before the first value that finds it full, leaves out
// the header of one that is very short, and writes a long str or bytes between two
// frames.
const (
	frameHeader  = 9 // the opcode and eight bytes of length
	fullFrame    = 64 << 10
	leastInFrame = 4
)

func (w *writer) openFrame() {
	if w.protocol < 4 {
		return
	}
	w.frame = len(w.buf)
	w.op(opFrame, 0, 0, 0, 0, 0, 0, 0, 0)
}

func (w *writer) closeFrame() {
	if w.protocol < 4 {
		return
	}
	n := len(w.buf) - w.frame - frameHeader
	if n >= leastInFrame {
		binary.LittleEndian.PutUint64(w.buf[w.frame+1:], uint64(n))
		return
	}
	w.buf = append(w.buf[:w.frame], w.buf[w.frame+frameHeader:]...)
}

// boundary is called before each value, where a frame may end.
func (w *writer) boundary() {
	if w.protocol >= 4 && len(w.buf)-w.frame-frameHeader >= fullFrame {
		w.closeFrame()
		w.openFrame()
	}
}

// counted writes an opcode whose argument is bytes behind their length.
func (w *writer) counted(op byte, s string) {
	long := len(s) >= fullFrame
	if long {
		w.closeFrame()
	}
	w.op(op)
	if op == opByteArray8 {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(len(s)))
	} else {
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(s)))
	}
	w.buf = append(w.buf, s...)
	if long {
		w.openFrame()
	}
}
