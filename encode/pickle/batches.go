package pickle

// batching is how CPython writes the contents of one kind of container: a batch at a
// time between a mark and the opcode that takes it.
type batching struct {
	many byte // takes the values above a mark
	one  byte // takes a single value without a mark; 0 where there is none
	// loneBatch is for the kind whose last batch, too, is written with the opcode for
	// one when it holds a single value; the others look at the container's length.
	loneBatch bool
	// emptyBatch is for the kinds that write an empty batch after a last full one.
	emptyBatch bool
}

var (
	listBatches    = batching{many: opAppends, one: opAppend}
	setBatches     = batching{many: opAddItems, emptyBatch: true}
	dictBatches    = batching{many: opSetItems, one: opSetItem, emptyBatch: true}
	orderedBatches = batching{many: opSetItems, one: opSetItem, loneBatch: true}
)

const batchSize = 1000

// batches writes the n values, or items, of a container; write writes one.
func (w *writer) batches(b batching, n int, write func(i int) error) error {
	for start := 0; start < n; start += batchSize {
		end := min(start+batchSize, n)
		if end-start == 1 && b.one != 0 && (n == 1 || b.loneBatch) {
			if err := write(start); err != nil {
				return err
			}
			w.op(b.one)
			continue
		}
		if err := w.mark(); err != nil {
			return err
		}
		for i := start; i < end; i++ {
			if err := write(i); err != nil {
				return err
			}
		}
		w.op(b.many)
	}
	if n > 0 && n%batchSize == 0 && b.emptyBatch {
		if err := w.mark(); err != nil {
			return err
		}
		w.op(b.many)
	}
	return nil
}
