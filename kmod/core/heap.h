/* SPDX-License-Identifier: GPL-2.0 */
/* Declarations shared by the core's files and the control layer, beside engine.h. */
#ifndef _GCH_CORE_HEAP_H
#define _GCH_CORE_HEAP_H

#include <gcheap/engine.h>

#define GCH_VERSION	"0.1.0"
/* Maximum number of heaps. */
#define GCH_HEAPS_MAX	1024U

struct module;

extern struct workqueue_struct *gch_wq;
extern struct workqueue_struct *gch_final_wq;

int gch_heap_remove(struct gch_heap *heap, struct netlink_ext_ack *extack);
int gch_heap_use(struct gch_heap *heap, struct module *user,
		 struct module **pinned);
void gch_heap_unuse(struct gch_heap *heap, struct module *pinned);
void gch_heaps_orphan(struct module *maker);

u32 gch_heap_count(void);
u32 gch_heaps_ending(void);
u32 gch_heap_generation(void);
unsigned int gch_heap_mutators(struct gch_heap *heap);
int gch_name_check(const char *name, struct netlink_ext_ack *extack);
int gch_heap_configure(struct gch_heap *heap, const struct gch_config *cfg,
		       struct netlink_ext_ack *extack);
int gch_config_check(const struct gch_engine_ops *ops, enum gch_key key, u64 value,
		     struct netlink_ext_ack *extack);
const struct gch_setting *gch_setting_find(const struct gch_engine_ops *ops,
					   enum gch_key key);
u64 gch_setting_default(const struct gch_setting *setting);
bool gch_setting_is_common(const struct gch_setting *setting);
bool gch_setting_clashes(const struct gch_setting *setting);

void gch_over_init(struct gch_heap *heap);
void gch_over_note(struct gch_heap *heap, u64 before, u64 after);
void gch_over_stats(struct gch_heap *heap, struct gch_stats *stats);

int gch_claim_refuses(struct gch_heap *heap, struct netlink_ext_ack *extack);

void gch_owner_init(struct gch_heap *heap);
void gch_owner_set(struct gch_heap *heap, u32 portid);
void gch_owner_forget(struct gch_heap *heap);
void gch_owner_gone(u32 portid);
void gch_owner_check(struct gch_heap *heap);

void gch_cycle_init(struct gch_heap *heap);
void gch_cycle_retime(struct gch_heap *heap);
void gch_cycle_stop(struct gch_heap *heap);
int gch_cycle_ask(struct gch_heap *heap, unsigned int generation, u64 *ticket,
		  struct netlink_ext_ack *extack);

int gch_cycle_snapshot(struct gch_heap *heap, struct gch_snapshot *sn,
		       bool wait);

int gch_shrinker_init(void);
void gch_shrinker_exit(void);
u64 gch_heaps_shrink_count(void);
u64 gch_heaps_shrink(u64 pages);

void gch_finals_stats(struct gch_heap *heap, struct gch_stats *stats);
bool gch_finals_calls(struct gch_heap *heap);
void gch_finals_drop(struct gch_heap *heap);
void gch_finals_forget(struct module *owner);
void gch_finals_exit(struct gch_heap *heap);

int gch_memory_error(void);
void gch_memory_uncount(struct gch_heap *heap, const void *addr, size_t bytes);

void gch_checks_init(struct gch_heap *heap);
void gch_checks_update(struct gch_heap *heap);

void gch_type_free_all(struct gch_heap *heap);

#endif /* _GCH_CORE_HEAP_H */
