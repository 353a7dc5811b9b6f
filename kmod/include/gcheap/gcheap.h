/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gcheap - garbage-collected heaps for kernel code
 *
 * A heap is a set of objects that an engine collects. A mutator is one task's access
 * to one heap; it names objects by the slots of its frame, never by address. Every
 * point between two calls is a safepoint: a call leaves references only in slots,
 * tables and objects.
 *
 * Functions that take a mutator are called by the task that owns it, in process
 * context, with preemption enabled and no spinlock held.
 */
#ifndef _GCHEAP_GCHEAP_H
#define _GCHEAP_GCHEAP_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <uapi/linux/gcheap.h>
#include <gcheap/finalizer.h>
#include <gcheap/key.h>
#include <gcheap/stats.h>

struct gch_heap;
struct gch_mutator;
struct gch_roots;
struct gch_type;
struct gch_weaks;
struct mem_cgroup;
struct netlink_ext_ack;

/* Longest name of a heap or type, including the terminating NUL. */
#define GCH_NAME_SIZE		32
/* Maximum number of slots in a frame. */
#define GCH_FRAME_MAX		1024U
/* Maximum number of references that one call reads or writes. */
#define GCH_REFS_MAX		64U
/* Largest object, in bytes, including its references. */
#define GCH_OBJECT_MAX		(SZ_4M - SZ_4K)
/* Largest object of a fixed type, in bytes. */
#define GCH_FIXED_MAX		SZ_32K
/* Maximum number of types of a heap. */
#define GCH_TYPES_MAX		65536U
/* Maximum number of entries of a root table or weak table. */
#define GCH_TABLE_MAX		BIT(24)
/* Maximum number of mutators of a heap. */
#define GCH_MUTATORS_MAX	4096U

/**
 * struct gch_config - settings of a new heap
 * @engine: the engine, &enum gcheap_engine or the result of gch_engine_kind()
 * @set: one bit per &enum gch_key that @val has a value for; the other settings take
 *	the engine's defaults
 * @val: the values
 */
struct gch_config {
	u32 engine;
	unsigned long set;
	u64 val[GCH_KEY_NR];
};

int gch_engine_kind(const char *name);

struct gch_heap *__gch_heap_create(const char *name,
				   const struct gch_config *cfg,
				   struct netlink_ext_ack *extack,
				   struct module *maker);
int gch_heap_delete(struct gch_heap *heap, struct netlink_ext_ack *extack);

/* See __gch_heap_create(). */
#define gch_heap_create(name, cfg, extack)				\
	__gch_heap_create(name, cfg, extack, THIS_MODULE)

struct gch_heap *gch_heap_find(const char *name);
struct gch_heap *gch_heap_next(u32 after);
void gch_heap_put(struct gch_heap *heap);
void gch_heap_put_later(struct gch_heap *heap);
int gch_heap_tune(struct gch_heap *heap, enum gch_key key, u64 value,
		  struct netlink_ext_ack *extack);
u64 gch_heap_tunable(const struct gch_heap *heap, enum gch_key key);
const char *gch_heap_name(const struct gch_heap *heap);
u32 gch_heap_id(const struct gch_heap *heap);
u32 gch_heap_engine(const struct gch_heap *heap);
enum gcheap_reclaim gch_heap_reclaim(const struct gch_heap *heap);
int gch_heap_validate(struct gch_heap *heap);

/* Client memory that counts against the heap's limit */
void *gch_memory_get(struct gch_heap *heap, size_t bytes);
void gch_memory_put(struct gch_heap *heap, void *addr, size_t bytes);
bool gch_memory_room(struct gch_heap *heap, size_t bytes, unsigned int *tries);

/* Cycles */
u64 gch_cycle_request(struct gch_heap *heap, unsigned int generation);
u64 gch_requests_ended(const struct gch_heap *heap);
u64 gch_cycles_started(const struct gch_heap *heap);
u64 gch_cycles_ended(const struct gch_heap *heap);
int gch_collect(struct gch_heap *heap, unsigned int generation);

/* Exclusive use of a heap */
int gch_heap_claim(struct gch_heap *heap, const char *who,
		   unsigned int nr_mutators, struct netlink_ext_ack *extack);
void gch_heap_unclaim(struct gch_heap *heap);
void gch_claimed_wait(struct gch_heap *heap);
int gch_claimed_tune(struct gch_heap *heap, enum gch_key key, u64 value);
int gch_claimed_collect(struct gch_heap *heap, unsigned int generation);

/* Client allocations, charged to the heap's cgroup */
struct mem_cgroup *gch_memcg_enter(struct gch_heap *heap);
void gch_memcg_leave(struct mem_cgroup *old);

/**
 * enum gch_type_flags - properties of a type
 * @GCH_TYPE_VAR: variable size: reference words first, then data bytes; the
 *	allocation gives both counts
 * @GCH_TYPE_WEAK: weak tables may name its objects; costs a reference-counting engine
 *	one hidden word per object
 * @GCH_TYPE_UNTRACKED: no object is part of a reference cycle: the cycle collector
 *	ignores them; only for types without references
 */
enum gch_type_flags {
	GCH_TYPE_VAR		= BIT(0),
	GCH_TYPE_WEAK		= BIT(1),
	GCH_TYPE_UNTRACKED	= BIT(2),
};

/**
 * struct gch_type_desc - describes a type for registration
 * @name: a name for the user interface; unique in its heap
 * @bytes: size of an object; 0 for %GCH_TYPE_VAR
 * @nr_refs: number of reference words in an object
 * @refs: their word numbers, ascending; NULL for the first @nr_refs words
 * @flags: &enum gch_type_flags
 */
struct gch_type_desc {
	const char *name;
	u32 bytes;
	u32 nr_refs;
	const u16 *refs;
	u32 flags;
};

struct gch_type *gch_type_register(struct gch_heap *heap,
				   const struct gch_type_desc *desc,
				   struct netlink_ext_ack *extack);

/**
 * typedef gch_pause_fn - called right after each pause of a mutator
 * @arg: the argument given with the function
 * @start_ns: start of the pause, by ktime_get_ns()
 * @end_ns: end of the pause
 *
 * Context: the mutator's task, outside sections; must not call into the heap.
 */
typedef void (*gch_pause_fn)(void *arg, u64 start_ns, u64 end_ns);

/* Mutators: one task's access to one heap */
struct gch_mutator *__gch_mutator_attach(struct gch_heap *heap,
					 unsigned int nr_slots,
					 struct module *user);
void gch_mutator_detach(struct gch_mutator *m);
void gch_mutator_yield(struct gch_mutator *m);
void gch_mutator_on_pause(struct gch_mutator *m, gch_pause_fn fn, void *arg);
struct gch_heap *gch_mutator_heap(const struct gch_mutator *m);

/* See __gch_mutator_attach(). */
#define gch_mutator_attach(heap, nr_slots)				\
	__gch_mutator_attach(heap, nr_slots, THIS_MODULE)

int gch_alloc(struct gch_mutator *m, unsigned int dst, struct gch_type *type);
int gch_alloc_var(struct gch_mutator *m, unsigned int dst,
		  struct gch_type *type, u32 nr_refs, u32 bytes);
int gch_alloc_refs(struct gch_mutator *m, unsigned int dst,
		   struct gch_type *type, unsigned int src, unsigned int nr);
int gch_load(struct gch_mutator *m, unsigned int dst, unsigned int src, u32 i);
int gch_load_refs(struct gch_mutator *m, unsigned int dst, unsigned int src,
		  u32 i, unsigned int nr);
int gch_store(struct gch_mutator *m, unsigned int dst, u32 i, unsigned int src);
int gch_store_null(struct gch_mutator *m, unsigned int dst, u32 i);
int gch_copy(struct gch_mutator *m, unsigned int dst, unsigned int src);
int gch_clear(struct gch_mutator *m, unsigned int dst);
int gch_free(struct gch_mutator *m, unsigned int src);
bool gch_is_null(const struct gch_mutator *m, unsigned int src);
bool gch_same(const struct gch_mutator *m, unsigned int a, unsigned int b);
void *gch_data(struct gch_mutator *m, unsigned int src, size_t *bytes);

/* Root tables: references from outside the heap */
struct gch_roots *__gch_roots_create(struct gch_heap *heap, u32 nr,
				     struct module *user);
int gch_roots_grow(struct gch_roots *roots, u32 nr);
int gch_roots_destroy(struct gch_mutator *m, struct gch_roots *roots);
int gch_root_set(struct gch_mutator *m, struct gch_roots *roots, u32 i,
		 unsigned int src);
int gch_root_clear(struct gch_mutator *m, struct gch_roots *roots, u32 i);
int gch_root_get(struct gch_mutator *m, unsigned int dst,
		 struct gch_roots *roots, u32 i);

/* See __gch_roots_create(). */
#define gch_roots_create(heap, nr)					\
	__gch_roots_create(heap, nr, THIS_MODULE)

/* Weak tables: references that keep nothing alive */
struct gch_weaks *__gch_weaks_create(struct gch_heap *heap, u32 nr,
				     struct module *user);
int gch_weaks_grow(struct gch_weaks *weaks, u32 nr);
int gch_weaks_destroy(struct gch_mutator *m, struct gch_weaks *weaks);
int gch_weak_set(struct gch_mutator *m, struct gch_weaks *weaks, u32 i,
		 unsigned int src);
int gch_weak_clear(struct gch_mutator *m, struct gch_weaks *weaks, u32 i);
int gch_weak_get(struct gch_mutator *m, unsigned int dst,
		 struct gch_weaks *weaks, u32 i);
int gch_weak_alive(struct gch_mutator *m, struct gch_weaks *weaks, u32 i);

/* See __gch_weaks_create(). */
#define gch_weaks_create(heap, nr)					\
	__gch_weaks_create(heap, nr, THIS_MODULE)

#endif /* _GCHEAP_GCHEAP_H */
