// SPDX-License-Identifier: GPL-2.0
/*
 * Types: the layout of a heap's objects
 *
 * gch_heap.type_lock protects the hash of names, and is held while the hash takes
 * memory: no collection waits for it. Within it, gch_heap.lock protects the list. A
 * type is immutable after registration and exists as long as its heap.
 */
#include <gcheap/engine.h>

#include <linux/export.h>
#include <linux/jhash.h>
#include <linux/netlink.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "compat.h"
#include "heap.h"

static int check(const struct gch_type_desc *d, struct netlink_ext_ack *extack)
{
	u32 i;

	if (!d->name || !*d->name ||
	    strnlen(d->name, GCH_NAME_SIZE) == GCH_NAME_SIZE) {
		NL_SET_ERR_MSG_FMT(extack, "the type name must have 1 to %u characters",
				   GCH_NAME_SIZE - 1);
		return -EINVAL;
	}
	if (d->flags & ~(GCH_TYPE_VAR | GCH_TYPE_WEAK | GCH_TYPE_UNTRACKED)) {
		NL_SET_ERR_MSG(extack, "unknown type flags");
		return -EINVAL;
	}
	if (d->flags & GCH_TYPE_VAR) {
		if (d->bytes || d->nr_refs || d->refs) {
			NL_SET_ERR_MSG(extack, "a variable-size type must not have bytes or refs");
			return -EINVAL;
		}
		return 0;
	}
	if (!d->bytes || d->bytes > GCH_FIXED_MAX ||
	    d->nr_refs > d->bytes / sizeof(void *)) {
		NL_SET_ERR_MSG_FMT(extack, "a fixed-size type must have 1 to %u bytes, with refs",
				   GCH_FIXED_MAX);
		return -ERANGE;
	}
	if ((d->flags & GCH_TYPE_UNTRACKED) && d->nr_refs) {
		NL_SET_ERR_MSG(extack, "an untracked type must not have refs");
		return -EINVAL;
	}
	for (i = 0; d->refs && i < d->nr_refs; i++)
		if (d->refs[i] >= d->bytes / sizeof(void *) ||
		    (i && d->refs[i] <= d->refs[i - 1])) {
			NL_SET_ERR_MSG(extack, "refs must be ascending words of the object");
			return -EINVAL;
		}
	return 0;
}

static bool same(const struct gch_type *t, const struct gch_type_desc *d)
{
	u32 i;

	if (t->bytes != d->bytes || t->nr_refs != d->nr_refs ||
	    t->flags != d->flags)
		return false;
	for (i = 0; i < d->nr_refs; i++)
		if (t->refs[i] != (d->refs ? d->refs[i] : i))
			return false;
	return true;
}

static size_t type_bytes(u32 nr_refs)
{
	struct gch_type *t = NULL;

	return struct_size(t, refs, nr_refs);
}

static void type_free(struct gch_heap *heap, struct gch_type *t)
{
	gch_memory_put(heap, t, type_bytes(t->nr_refs));
}

static struct gch_type *type_new(struct gch_heap *heap,
				 const struct gch_type_desc *d)
{
	struct gch_type *t;
	u32 i;

	t = gch_memory_get(heap, type_bytes(d->nr_refs));
	if (!t)
		return NULL;
	strscpy(t->name, d->name, sizeof(t->name));
	t->bytes = d->bytes;
	t->nr_refs = d->nr_refs;
	t->flags = d->flags;
	t->leading = true;
	for (i = 0; i < d->nr_refs; i++) {
		t->refs[i] = d->refs ? d->refs[i] : i;
		if (t->refs[i] < 64)
			t->first_words |= BIT_ULL(t->refs[i]);
		if (t->refs[i] != i)
			t->leading = false;
	}
	return t;
}

static struct gch_type *find(struct gch_heap *heap, const char *name, u32 hash)
{
	struct gch_type *t;

	lockdep_assert_held(&heap->type_lock);
	hlist_for_each_entry(t, gch_hash_bucket(&heap->by_name, hash), named.node)
		if (t->named.hash == hash && !strcmp(t->name, name))
			return t;
	return NULL;
}

/* Returns the existing type of this description, or adds @t, or fails. */
static struct gch_type *enlist(struct gch_heap *heap, struct gch_type *t,
			       const struct gch_type_desc *desc,
			       struct netlink_ext_ack *extack)
{
	u32 hash = jhash(t->name, strlen(t->name), 0);
	struct gch_type *old = find(heap, t->name, hash);

	if (old) {
		if (same(old, desc))
			return old;
		NL_SET_ERR_MSG_FMT(extack, "type %s already exists with another layout",
				   t->name);
		return ERR_PTR(-EEXIST);
	}
	if (heap->nr_types == GCH_TYPES_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "too many types: the maximum is %u",
				   GCH_TYPES_MAX);
		return ERR_PTR(-ENOSPC);
	}
	if (gch_hash_add(&heap->by_name, &t->named, hash))
		return ERR_PTR(-ENOMEM);
	t->heap = heap;
	mutex_lock(&heap->lock);
	t->id = heap->nr_types++;
	list_add_tail(&t->node, &heap->types);
	mutex_unlock(&heap->lock);
	return t;
}

static struct gch_type *try_register(struct gch_heap *heap,
				     const struct gch_type_desc *desc,
				     struct netlink_ext_ack *extack)
{
	struct gch_type *t = type_new(heap, desc), *found;

	if (!t)
		return ERR_PTR(-ENOMEM);
	if (heap->ops->typed)
		heap->ops->typed(t);
	mutex_lock(&heap->type_lock);
	found = enlist(heap, t, desc, extack);
	mutex_unlock(&heap->type_lock);
	if (found != t)
		type_free(heap, t);
	return found;
}

/**
 * gch_type_register - registers a type with a heap
 * @heap: the heap
 * @desc: the description; not kept
 * @extack: error message; may be NULL
 *
 * Registering the same description again returns the same type.
 *
 * Context: process context, may sleep; collects at the heap's limit.
 * Return: the type, which exists as long as the heap, or an error: -EINVAL or -ERANGE
 * for a bad description, -EEXIST if another type has the name, -ENOSPC for too many
 * types, -ENOMEM, -EINTR if the task was killed.
 */
struct gch_type *gch_type_register(struct gch_heap *heap,
				   const struct gch_type_desc *desc,
				   struct netlink_ext_ack *extack)
{
	struct gch_type *found;
	unsigned int tries = 0;
	int ret;

	ret = check(desc, extack);
	if (ret)
		return ERR_PTR(ret);
	do {
		found = try_register(heap, desc, extack);
	} while (found == ERR_PTR(-ENOMEM) &&
		 gch_memory_room(heap, type_bytes(desc->nr_refs), &tries));
	return found == ERR_PTR(-ENOMEM) ? ERR_PTR(gch_memory_error()) : found;
}
EXPORT_SYMBOL_GPL(gch_type_register);

/**
 * gch_type_search - searches for a word among non-leading references
 * @type: the type
 * @word: word number
 *
 * Context: any.
 * Return: true if the word is a reference.
 */
bool gch_type_search(const struct gch_type *type, u32 word)
{
	u32 low = 0, high = type->nr_refs, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (type->refs[mid] < word)
			low = mid + 1;
		else
			high = mid;
	}
	return low < type->nr_refs && type->refs[low] == word;
}
EXPORT_SYMBOL_GPL(gch_type_search);

/**
 * gch_type_free_all - frees a heap's types
 * @heap: the heap; it has no objects
 *
 * Context: process context, may sleep.
 */
void gch_type_free_all(struct gch_heap *heap)
{
	struct gch_type *t, *next;

	gch_hash_exit(&heap->by_name);
	list_for_each_entry_safe(t, next, &heap->types, node) {
		type_free(heap, t);
		cond_resched();
	}
}
