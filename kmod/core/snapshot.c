// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots: the objects of a heap, their references and the roots, at one instant
 *
 * An engine fills a snapshot during a collection. The task that opened it reads it
 * later, as lines of text. By then it is independent of the heap, so a slow reader
 * holds up nothing.
 *
 * A snapshot is a sequence of bytes in pages: a letter, then numbers of seven bits
 * per byte, lowest bits first. Most object numbers are stored as differences. All
 * snapshots of the module, including the memory that engines need to take them, share
 * an eighth of the machine's memory. A snapshot's own memory is charged to the task
 * that takes it.
 *
 * One task fills a snapshot, and one task at a time reads it.
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

/* Maximum number of references in a line. */
#define LINE_REFS	64U
/* Snapshots may use 1/MEMORY_PART of the machine's memory. */
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
 * struct position - read position in a snapshot
 * @chunk: chunk of the next byte
 * @offset: offset of the next byte in @chunk
 * @obj: last object read
 * @word: word number of its last reference read
 * @refs: more references of @obj follow
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
 * @first: first chunk
 * @last: last chunk, which grows
 * @at: read position of the current line
 * @after: read position of the next line
 * @index: number of the line at @at
 * @error: why it is incomplete, or 0
 * @obj: number of the last object written
 * @word: word number of the last reference written
 * @open: the references of @obj are being written
 * @name: name of the heap
 * @heap_id: id of the heap
 * @objects: number of objects
 * @bytes: their bytes
 * @refs: number of references
 * @roots: number of roots
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

/* Counts @pages more pages if snapshots may have them. */
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
 * gch_snap_pages_used - counts the pages of all snapshots
 *
 * Context: any.
 * Return: number of pages.
 */
unsigned long gch_snap_pages_used(void)
{
	return atomic_long_read(&pages_used);
}
EXPORT_SYMBOL_GPL(gch_snap_pages_used);

/**
 * gch_snap_memory - takes memory for a snapshot
 * @bytes: number of bytes
 *
 * Context: process context outside sections, may sleep.
 * Return: the memory, zeroed; NULL as gch_snap_page().
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
EXPORT_SYMBOL_GPL(gch_snap_memory);

/**
 * gch_snap_memory_free - gives back memory from gch_snap_memory()
 * @addr: the memory
 * @bytes: number of bytes requested
 *
 * Context: process context outside sections.
 */
void gch_snap_memory_free(void *addr, size_t bytes)
{
	kvfree(addr);
	atomic_long_sub(PFN_UP(gch_memory_size(NULL, bytes)), &pages_used);
}
EXPORT_SYMBOL_GPL(gch_snap_memory_free);

/**
 * gch_snap_page - takes a page for a snapshot
 *
 * Context: process context outside sections, may sleep.
 * Return: the page; NULL without memory, or if snapshots have used up their share.
 */
void *gch_snap_page(void)
{
	void *page;

	WARN_ON_ONCE(!gch_may_take_memory());
	if (!may_have(1))
		return NULL;
	/* Fail instead of invoking the OOM killer. */
	page = (void *)__get_free_page(GFP_KERNEL_ACCOUNT |
				       __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!page)
		atomic_long_dec(&pages_used);
	return page;
}
EXPORT_SYMBOL_GPL(gch_snap_page);

/**
 * gch_snap_page_free - gives back a page from gch_snap_page()
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
EXPORT_SYMBOL_GPL(gch_snap_page_free);

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

/* Zigzag encoding: short for small differences of either sign. */
static void put_difference(struct gch_snapshot *sn, u64 from, u64 to)
{
	s64 d = to - from;

	put_number(sn, (u64)d << 1 ^ (u64)(d >> 63));
}

/* Starts a record; ends the references of the previous object. */
static void put_record(struct gch_snapshot *sn, u8 letter)
{
	if (sn->open)
		put_number(sn, 0);
	sn->open = false;
	put_byte(sn, letter);
}

/**
 * gch_snap_types - writes the types of a heap
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
EXPORT_SYMBOL_GPL(gch_snap_types);

/**
 * gch_snap_root - writes a root
 * @sn: the snapshot
 * @kind: kind of the root
 * @who: number of the mutator or table
 * @i: number of the slot or entry
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
EXPORT_SYMBOL_GPL(gch_snap_root);

/**
 * gch_snap_object - writes an object, before its references
 * @sn: the snapshot
 * @obj: number of the object
 * @bytes: its size
 * @type: its type; NULL if the engine does not know it
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
EXPORT_SYMBOL_GPL(gch_snap_object);

/**
 * gch_snap_ref - writes a reference of the last object written
 * @sn: the snapshot
 * @word: its word number in the object; ascending
 * @target: number of the object that it refers to
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
EXPORT_SYMBOL_GPL(gch_snap_ref);

/**
 * gch_snap_error - has a snapshot failed?
 * @sn: the snapshot
 *
 * Context: process context.
 * Return: 0, or the error; -EINTR if the task was killed. The caller may stop writing
 * then.
 */
int gch_snap_error(struct gch_snapshot *sn)
{
	if (!sn->error && fatal_signal_pending(current))
		sn->error = -EINTR;
	return sn->error;
}
EXPORT_SYMBOL_GPL(gch_snap_error);

/**
 * gch_snap_fail - marks a snapshot as failed
 * @sn: the snapshot
 * @error: the error; an earlier error remains
 *
 * Context: process context.
 */
void gch_snap_fail(struct gch_snapshot *sn, int error)
{
	sn->error = sn->error ?: error;
}
EXPORT_SYMBOL_GPL(gch_snap_fail);

/**
 * gch_snapshot_free - frees a snapshot
 * @sn: the snapshot, or NULL
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
 * @wait: wait for a running collection
 *
 * Runs a collection. Mutators are stopped for a moment at its beginning only.
 *
 * Context: process context outside sections, may sleep for the time of this
 * collection and those before it; a fatal signal ends it; takes &gch_heap.cycle_lock.
 * Return: the snapshot, for gch_snapshot_free(), or an error: -EOPNOTSUPP if the
 * engine has no snapshots; -EAGAIN if a collection runs and @wait is false; -EINTR;
 * -EBUSY for a claimed heap; -ENOMEM without memory, or if snapshots have used up
 * their share.
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
 * gch_snapshot_show - prints the current line
 * @sn: the snapshot
 * @seq: destination
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
 * gch_snapshot_rewind - moves to the first line
 * @sn: the snapshot
 *
 * Context: process context.
 */
void gch_snapshot_rewind(struct gch_snapshot *sn)
{
	sn->at = (struct position) { .chunk = sn->first };
	sn->index = 0;
}
EXPORT_SYMBOL_GPL(gch_snapshot_rewind);

/**
 * gch_snapshot_next - moves to the line after the printed one
 * @sn: the snapshot
 *
 * Context: process context.
 * Return: number of the line.
 */
loff_t gch_snapshot_next(struct gch_snapshot *sn)
{
	sn->at = sn->after;
	return ++sn->index;
}
EXPORT_SYMBOL_GPL(gch_snapshot_next);

/**
 * gch_snapshot_is_at - is this the current line?
 * @sn: the snapshot
 * @index: number of the line
 *
 * Context: process context.
 * Return: true if it is, and the line exists.
 */
bool gch_snapshot_is_at(const struct gch_snapshot *sn, loff_t index)
{
	return sn->index == index && !sn->at.end;
}
EXPORT_SYMBOL_GPL(gch_snapshot_is_at);
