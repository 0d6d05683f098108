package connecttest

// LoseReplies makes the proxy close the connection in the place of the next n
// replies. The server has carried those commands out. The reply to a command
// that sets a connection up is not lost.
func (p *RecordingProxy) LoseReplies(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.toPass, p.toLose = 0, n
}

// LoseReplyAfter is LoseReplies of one reply, which comes after n that are
// passed on.
func (p *RecordingProxy) LoseReplyAfter(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.toPass, p.toLose = n, 1
}

// Lost returns how many replies were lost since the last Reset.
func (p *RecordingProxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// ShiftReplies makes every reply go to the command that is answered next,
// whoever sent that: the first command after the call gets a second copy of
// the reply before it. A connection that a client read too little from behaves
// like that from then on. What sets a connection up is answered rightly.
//
// Nothing is shifted before the proxy has passed one reply on.
func (p *RecordingProxy) ShiftReplies(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shifting = on
}

// settle takes one reply off those that are due. It returns what to send in its
// place, and whether it is to be lost.
func (c *proxied) settle(reply []byte) (instead []byte, lose bool) {
	p := c.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(c.waiting) == 0 {
		return reply, false
	}
	counts := c.waiting[0]
	c.waiting = c.waiting[1:]
	if !counts {
		return reply, false
	}
	switch {
	case p.toPass > 0:
		p.toPass--
	case p.toLose > 0:
		p.toLose--
		p.lost++
		return nil, true
	}
	return p.shift(reply), false
}

// shift returns what to send in the place of a reply. The caller holds the
// lock.
func (p *RecordingProxy) shift(reply []byte) []byte {
	previous := p.lastReply
	p.lastReply = reply
	if !p.shifting || previous == nil {
		return reply
	}
	return previous
}
