package session

// patchable is a dataset that can say what becomes of it without a record to
// look at.
type patchable interface {
	// with returns the state after the changes, all of which are encoded.
	with(changes []change) dataset
}

// patched is the state that a save has left, when its record's memory is not
// ours any more: what the record was made of. A request hardly ever looks at it
// again. When it does, the state is made once more.
type patched struct {
	base    *lazyData
	changes []change
	made    *lazyData // nil until it is asked for
}

var (
	_ patchable = (*lazyData)(nil)
	_ patchable = (*patched)(nil)
)

func (d *lazyData) with(changes []change) dataset {
	slots := make([]slot, len(changes)) // the request's own go on changing
	p := &patched{base: d, changes: make([]change, len(changes))}
	for i, c := range changes {
		slots[i] = slot{key: c.key, present: c.present}
		p.changes[i] = change{&slots[i], c.encoded}
	}
	return p
}

func (p *patched) with(changes []change) dataset { return p.data().with(changes) }

func (p *patched) data() *lazyData {
	if p.made == nil {
		body, _ := p.base.frame.patch(make([]byte, 0, p.base.bodySize(p.changes)), p.changes) // all is encoded: it cannot fail
		p.made = &lazyData{frame: body}
	}
	return p.made
}

func (p *patched) keys() []string                            { return p.data().keys() }
func (p *patched) has(key string) bool                       { return p.data().has(key) }
func (p *patched) hidden() bool                              { return false }
func (p *patched) get(key string) (any, bool, error)         { return p.data().get(key) }
func (p *patched) decode(key string, into any) (bool, error) { return p.data().decode(key, into) }
func (p *patched) bodySize(changes []change) int             { return p.data().bodySize(changes) }
func (p *patched) appendBody(dst []byte, c []change) ([]byte, error) {
	return p.data().appendBody(dst, c)
}

func (p *patched) diff(dst []byte, key string, v any) ([]byte, bool, error) {
	return p.data().diff(dst, key, v)
}

// encoded reports whether all the changes carry their encoded values.
func encoded(changes []change) bool {
	for i := range changes {
		if changes[i].present && len(changes[i].encoded) == 0 {
			return false
		}
	}
	return true
}
