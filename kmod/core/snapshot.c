// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots: the objects of a heap, their references and the roots, of one instant
 *
 * An engine fills a snapshot during a collection; it is read later, as lines of
 * text, by whoever opened it, and has nothing to do with the heap any more by then:
 * a reader that is slow, or never reads, holds nobody up.
 *
 * It is kept in pages, as bytes: a letter, then numbers of seven bits a byte, the
 * lowest first, what is near its predecessor as the difference. All snapshots of the
 * module together have at most an eighth of the memory, with the memory in which an
 * engine keeps what it needs while it takes one. Its own is charged to who takes it.
 *
 * One task fills a snapshot, and one at a time reads it.
 */
#include <gcheap/engine.h>
#include <gcheap/snapshot.h>

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "heap.h"

/* References in a line. */
#define LINE_REFS	64U
/* What part of the memory snapshots may have. */
#define MEMORY_PART	8U

#define REC_TYPE	'T'
#define REC_ROOT	'R'
#define REC_OBJECT	'O'

struct chunk {
	struct chunk *next;
	u32 used;
	u8 data[PAGE_SIZE - sizeof(void *) - sizeof(u64)];
};

/**
 * struct position - where a snapshot is being read
 * @chunk: next byte of it
 * @offset: likewise
 * @obj: the object read last
 * @word: of its reference read last
 * @refs: more of those follow
 * @end: the last line has been read
 */
struct position {
	const struct chunk *chunk;
	u32 offset;
	u64 obj;
	u32 word;
	bool refs;
	bool end;
};

/**
 * struct gch_snapshot - a snapshot
 * @first: its bytes
 * @last: where more go
 * @at: where it is being read
 * @after: the same for the line after that
 * @index: number of the line of @at
 * @error: why it is not whole
 * @obj: number of the object that was written last
 * @word: of the reference that was written last
 * @open: the references of @obj are being written
 * @name: of the heap
 * @heap_id: of the heap
 * @objects: how many there are
 * @bytes: of them
 * @refs: how many there are
 * @roots: how many there are
 */
struct gch_snapshot {
	struct chunk *first;
	struct chunk *last;
	struct position at;
	struct position after;
	loff_t index;
	int error;
	u64 obj;
	u32 word;
	bool open;
	char name[GCH_NAME_SIZE];
	u32 heap_id;
	u64 objects;
	u64 bytes;
	u64 refs;
	u64 roots;
};

static atomic_long_t pages_used;

/* Whether snapshots may have so many pages more: then they are counted. */
static bool may_have(unsigned long pages)
{
	unsigned long max = totalram_pages() / MEMORY_PART;
	long used = atomic_long_read(&pages_used);

	do {
		if (used + pages > max)
			return false;
	} while (!atomic_long_try_cmpxchg(&pages_used, &used, used + pages));
	return true;
}

/**
 * gch_snap_pages_used - what all snapshots have
 *
 * Context: any.
 * Return: pages.
 */
unsigned long gch_snap_pages_used(void)
{
	return atomic_long_read(&pages_used);
}
EXPORT_SYMBOL_IF_KUNIT(gch_snap_pages_used);

/**
 * gch_snap_memory - takes memory for a snapshot
 * @bytes: how much
 *
 * Context: process context outside sections, may sleep.
 * Return: the memory, zeroed, or NULL: as gch_snap_page().
 */
void *gch_snap_memory(size_t bytes)
{
	unsigned long pages = PFN_UP(gch_memory_size(NULL, bytes));
	void *addr;

	if (!may_have(pages))
		return NULL;
	addr = kvzalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL |
			       __GFP_NOWARN);
	if (!addr)
		atomic_long_sub(pages, &pages_used);
	return addr;
}
EXPORT_SYMBOL_IF_KUNIT(gch_snap_memory);

/**
 * gch_snap_memory_free - gives back what gch_snap_memory() took
 * @addr: the memory
 * @bytes: how much was taken
 *
 * Context: process context outside sections.
 */
void gch_snap_memory_free(void *addr, size_t bytes)
{
	kvfree(addr);
	atomic_long_sub(PFN_UP(gch_memory_size(NULL, bytes)), &pages_used);
}
EXPORT_SYMBOL_IF_KUNIT(gch_snap_memory_free);

/**
 * gch_snap_page - takes a page for a snapshot
 *
 * Context: process context outside sections, may sleep.
 * Return: the page, or NULL: without memory, or if snapshots have their part of it.
 */
void *gch_snap_page(void)
{
	void *page;

	WARN_ON_ONCE(!gch_may_take_memory());
	if (!may_have(1))
		return NULL;
	/* No task is killed for a snapshot. */
	page = (void *)__get_free_page(GFP_KERNEL_ACCOUNT |
				       __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!page)
		atomic_long_dec(&pages_used);
	return page;
}

/**
 * gch_snap_page_free - gives back what gch_snap_page() took
 * @page: the page
 *
 * Context: process context outside sections.
 */
void gch_snap_page_free(void *page)
{
	WARN_ON_ONCE(!gch_may_take_memory());
	free_page((unsigned long)page);
	atomic_long_dec(&pages_used);
}

static bool add_chunk(struct gch_snapshot *sn)
{
	struct chunk *c = gch_snap_page();

	if (!c) {
		sn->error = -ENOMEM;
		return false;
	}
	c->next = NULL;
	c->used = 0;
	if (sn->last)
		sn->last->next = c;
	else
		sn->first = c;
	sn->last = c;
	return true;
}

static void put_byte(struct gch_snapshot *sn, u8 byte)
{
	BUILD_BUG_ON(sizeof(struct chunk) > PAGE_SIZE);
	if (sn->error)
		return;
	if ((!sn->last || sn->last->used == sizeof(sn->last->data)) &&
	    !add_chunk(sn))
		return;
	sn->last->data[sn->last->used++] = byte;
}

static void put_number(struct gch_snapshot *sn, u64 n)
{
	for (; n >= 0x80; n >>= 7)
		put_byte(sn, n | 0x80);
	put_byte(sn, n);
}

/* Small if the difference is, whatever its sign. */
static void put_difference(struct gch_snapshot *sn, u64 from, u64 to)
{
	s64 d = to - from;

	put_number(sn, (u64)d << 1 ^ (u64)(d >> 63));
}

/* Ends the references of the object before. */
static void put_record(struct gch_snapshot *sn, u8 letter)
{
	if (sn->open)
		put_number(sn, 0);
	sn->open = false;
	put_byte(sn, letter);
}

/**
 * gch_snap_types - writes what types a heap has
 * @sn: the snapshot
 * @heap: the heap
 *
 * Context: process context, may sleep; under &gch_heap.lock.
 */
void gch_snap_types(struct gch_snapshot *sn, struct gch_heap *heap)
{
	const struct gch_type *t;
	const char *c;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry(t, &heap->types, node) {
		put_record(sn, REC_TYPE);
		put_number(sn, t->id);
		put_number(sn, t->bytes);
		put_number(sn, t->nr_refs);
		for (c = t->name; *c; c++)
			put_byte(sn, *c);
		put_byte(sn, 0);
		cond_resched();
	}
}

/**
 * gch_snap_root - writes a root
 * @sn: the snapshot
 * @kind: what it is
 * @who: number of the mutator or table
 * @i: slot or entry
 * @obj: number of the object that it refers to
 *
 * Context: process context, may sleep.
 */
void gch_snap_root(struct gch_snapshot *sn, enum gch_snap_root kind, u32 who,
		   u32 i, u64 obj)
{
	put_record(sn, REC_ROOT);
	put_number(sn, kind);
	put_number(sn, who);
	put_number(sn, i);
	put_number(sn, obj);
	sn->roots++;
}

/**
 * gch_snap_object - writes an object; its references follow
 * @sn: the snapshot
 * @obj: its number
 * @bytes: what it takes
 * @type: its type; NULL if the engine does not know
 *
 * Context: process context, may sleep.
 */
void gch_snap_object(struct gch_snapshot *sn, u64 obj, u32 bytes,
		     const struct gch_type *type)
{
	put_record(sn, REC_OBJECT);
	put_difference(sn, sn->obj, obj);
	put_number(sn, bytes);
	put_number(sn, type ? type->id + 1 : 0);
	sn->obj = obj;
	sn->word = -1;
	sn->open = true;
	sn->objects++;
	sn->bytes += bytes;
}

/**
 * gch_snap_ref - writes a reference of the object written last
 * @sn: the snapshot
 * @word: which word of the object it is; they ascend
 * @target: number of the object that it leads to
 *
 * Context: process context, may sleep.
 */
void gch_snap_ref(struct gch_snapshot *sn, u32 word, u64 target)
{
	put_number(sn, word - sn->word);
	put_difference(sn, sn->obj, target);
	sn->word = word;
	sn->refs++;
}

/**
 * gch_snap_error - need the rest not be written?
 * @sn: the snapshot
 *
 * Context: process context.
 * Return: 0, or why it will not be whole.
 */
int gch_snap_error(struct gch_snapshot *sn)
{
	if (!sn->error && fatal_signal_pending(current))
		sn->error = -EINTR;
	return sn->error;
}

/**
 * gch_snap_fail - a snapshot will not be whole
 * @sn: the snapshot
 * @error: why
 *
 * Context: process context.
 */
void gch_snap_fail(struct gch_snapshot *sn, int error)
{
	sn->error = sn->error ?: error;
}

/**
 * gch_snapshot_free - frees a snapshot
 * @sn: the snapshot; NULL is nothing
 *
 * Context: process context, may sleep.
 */
void gch_snapshot_free(struct gch_snapshot *sn)
{
	struct chunk *c, *next;

	for (c = sn ? sn->first : NULL; c; c = next) {
		next = c->next;
		gch_snap_page_free(c);
		cond_resched();
	}
	kfree(sn);
}
EXPORT_SYMBOL_GPL(gch_snapshot_free);

/**
 * gch_snapshot_take - takes a snapshot of a heap
 * @heap: the heap
 * @wait: for a collection that runs
 *
 * A collection is part of it. Mutators go on, but for a moment at its beginning.
 *
 * Context: process context outside sections, may sleep for as long as the collection
 * and those before it take; a fatal signal ends it; takes &gch_heap.cycle_lock.
 * Return: the snapshot, for gch_snapshot_free(), or an error: -EOPNOTSUPP if the
 * engine has none, -EAGAIN if a collection runs and @wait is false, -EINTR, -ENOMEM
 * without memory or if snapshots have as much as they may.
 */
struct gch_snapshot *gch_snapshot_take(struct gch_heap *heap, bool wait)
{
	struct gch_snapshot *sn;
	int ret;

	if (!heap->ops->snapshot)
		return ERR_PTR(-EOPNOTSUPP);
	sn = kzalloc(sizeof(*sn), GFP_KERNEL_ACCOUNT);
	if (!sn)
		return ERR_PTR(-ENOMEM);
	strscpy(sn->name, heap->name, sizeof(sn->name));
	sn->heap_id = heap->id;
	ret = gch_cycle_snapshot(heap, sn, wait);
	put_record(sn, 0);
	if (!ret)
		ret = sn->error;
	if (ret) {
		gch_snapshot_free(sn);
		return ERR_PTR(ret);
	}
	gch_snapshot_rewind(sn);
	return sn;
}
EXPORT_SYMBOL_GPL(gch_snapshot_take);

static u8 get_byte(struct position *at)
{
	const struct chunk *c = at->chunk;

	if (at->offset == c->used) {
		c = c->next;
		at->chunk = c;
		at->offset = 0;
	}
	return c->data[at->offset++];
}

static u64 get_number(struct position *at)
{
	unsigned int shift = 0;
	u64 n = 0;
	u8 byte;

	do {
		byte = get_byte(at);
		n |= (u64)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return n;
}

static u64 get_difference(struct position *at, u64 from)
{
	u64 n = get_number(at);

	return from + (n >> 1 ^ -(n & 1));
}

static void show_type(struct position *at, struct seq_file *seq)
{
	u64 id = get_number(at), bytes = get_number(at), refs = get_number(at);
	char c;

	seq_printf(seq, "T %llu %llu %llu ", id, bytes, refs);
	while ((c = get_byte(at)))
		seq_escape_mem(seq, &c, 1, ESCAPE_SPACE | ESCAPE_SPECIAL |
			       ESCAPE_NULL, NULL);
	seq_putc(seq, '\n');
}

static void show_root(struct position *at, struct seq_file *seq)
{
	static const char * const kinds[] = {
		[GCH_SNAP_FRAME]	= "frame",
		[GCH_SNAP_TABLE]	= "table",
		[GCH_SNAP_FINALIZER]	= "finalizer",
	};
	u64 kind = get_number(at), who = get_number(at), i = get_number(at);

	seq_printf(seq, "R %s %llu %llu %llu\n", kinds[kind], who, i,
		   get_number(at));
}

static void show_refs(struct position *at, struct seq_file *seq)
{
	unsigned int left = LINE_REFS;
	u64 word;

	while (left--) {
		word = get_number(at);
		at->refs = word;
		if (!word)
			break;
		at->word += word;
		seq_printf(seq, " %u:%llu", at->word,
			   get_difference(at, at->obj));
	}
	seq_putc(seq, '\n');
}

static void show_object(struct position *at, struct seq_file *seq)
{
	u64 bytes, type;

	at->obj = get_difference(at, at->obj);
	bytes = get_number(at);
	type = get_number(at);
	at->word = -1;
	seq_printf(seq, "O %llu %llu ", at->obj, bytes);
	if (type)
		seq_printf(seq, "%llu", type - 1);
	else
		seq_putc(seq, '-');
	show_refs(at, seq);
}

/**
 * gch_snapshot_show - prints the line that a snapshot is being read at
 * @sn: the snapshot
 * @seq: where
 *
 * Context: process context.
 */
void gch_snapshot_show(struct gch_snapshot *sn, struct seq_file *seq)
{
	struct position at = sn->at;

	if (!sn->index) {
		seq_printf(seq, "gcs 1\nH %s %u\n", sn->name, sn->heap_id);
	} else if (at.refs) {
		seq_putc(seq, '+');
		show_refs(&at, seq);
	} else {
		switch (get_byte(&at)) {
		case REC_TYPE:
			show_type(&at, seq);
			break;
		case REC_ROOT:
			show_root(&at, seq);
			break;
		case REC_OBJECT:
			show_object(&at, seq);
			break;
		default:
			seq_printf(seq, "E %llu %llu %llu %llu\n", sn->objects,
				   sn->bytes, sn->refs, sn->roots);
			at.end = true;
			break;
		}
	}
	sn->after = at;
}
EXPORT_SYMBOL_GPL(gch_snapshot_show);

/**
 * gch_snapshot_rewind - goes to the first line
 * @sn: the snapshot
 *
 * Context: process context.
 */
void gch_snapshot_rewind(struct gch_snapshot *sn)
{
	sn->at = (struct position) { .chunk = sn->first };
	sn->index = 0;
}

/**
 * gch_snapshot_next - goes to the line after the one that was printed
 * @sn: the snapshot
 *
 * Context: process context.
 * Return: its number.
 */
loff_t gch_snapshot_next(struct gch_snapshot *sn)
{
	sn->at = sn->after;
	return ++sn->index;
}
EXPORT_SYMBOL_GPL(gch_snapshot_next);

/**
 * gch_snapshot_is_at - is a snapshot being read at a line?
 * @sn: the snapshot
 * @index: number of the line
 *
 * Context: process context.
 * Return: whether it is, and there is such a line.
 */
bool gch_snapshot_is_at(const struct gch_snapshot *sn, loff_t index)
{
	return sn->index == index && !sn->at.end;
}
EXPORT_SYMBOL_GPL(gch_snapshot_is_at);
