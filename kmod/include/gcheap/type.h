/* SPDX-License-Identifier: GPL-2.0 */
/* Registered types (core/type.c). */
#ifndef _GCHEAP_TYPE_H
#define _GCHEAP_TYPE_H

#include <linux/bits.h>
#include <linux/list.h>
#include <gcheap/gcheap.h>
#include <gcheap/hash.h>

/**
 * struct gch_type - a registered type
 * @heap: its heap
 * @node: link in the heap's list
 * @named: link in the heap's hash of names
 * @name: its name for the user interface
 * @id: its number, dense from 0
 * @bytes: size of an object without the engine's header; 0 if variable
 * @nr_refs: number of reference words
 * @flags: &enum gch_type_flags
 * @engine_class: set by the engine: see &gch_engine_ops.typed
 * @first_words: bitmap of the references among the first 64 words
 * @leading: the references are the first @nr_refs words
 * @refs: their word numbers, ascending (unused if @leading)
 */
struct gch_type {
	struct gch_heap *heap;
	struct list_head node;
	struct gch_hash_node named;
	char name[GCH_NAME_SIZE];
	u32 id;
	u32 bytes;
	u32 nr_refs;
	u32 flags;
	u32 engine_class;
	u64 first_words;
	bool leading;
	u16 refs[];
};

bool gch_type_search(const struct gch_type *type, u32 word);

/* Is word @word of an object of this fixed type a reference? */
static inline bool gch_type_is_ref(const struct gch_type *type, u32 word)
{
	if (type->leading)
		return word < type->nr_refs;
	if (word < 64)
		return type->first_words & BIT_ULL(word);
	return gch_type_search(type, word);
}

/* Word number of reference @i in objects of a fixed type. */
static inline u32 gch_type_word(const struct gch_type *type, u32 i)
{
	return type->leading ? i : type->refs[i];
}

#endif /* _GCHEAP_TYPE_H */
