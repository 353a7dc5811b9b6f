/* SPDX-License-Identifier: GPL-2.0 */
/* What places referred to before they were overwritten, found by place. */
#ifndef _GCH_GO_KEPT_H
#define _GCH_GO_KEPT_H

#include <linux/types.h>

/* Tries for a table: a power of two between these. */
#define GCH_GO_KEPT_BITS_MIN	10U
#define GCH_GO_KEPT_BITS_MAX	21U
/* An entry is behind no more entries than a hash has bits beside those of the table. */
#define GCH_GO_KEPT_DEPTH(bits)	(64U - (bits))

/**
 * struct gch_go_kept - what a place referred to
 * @child: entries whose hashes begin alike and go on with a 0, or with a 1
 * @place: the place
 * @ref: the reference
 */
struct gch_go_kept {
	struct gch_go_kept *child[2];
	void **place;
	unsigned long ref;
};

/**
 * struct gch_go_kepts - a table of them
 * @bits: the first bits of a hash, by which a trie is chosen
 * @trie: the first entry of each
 */
struct gch_go_kepts {
	unsigned int bits;
	struct gch_go_kept *trie[];
};

/**
 * struct gch_go_kept_at - how far a place was looked for
 * @link: where its entry is, or would be
 * @hash: bits of its hash that are left
 * @steps: entries of other places that were passed
 */
struct gch_go_kept_at {
	struct gch_go_kept **link;
	u64 hash;
	unsigned int steps;
};

struct gch_go_kepts *gch_go_kepts_new(u64 places);
void gch_go_kepts_free(struct gch_go_kepts *t);
void gch_go_kept_start(struct gch_go_kepts *t, void **place,
		       struct gch_go_kept_at *at);
struct gch_go_kept *gch_go_kept_find(struct gch_go_kept_at *at, void **place);
void gch_go_kept_add(struct gch_go_kept_at *at, struct gch_go_kept *k,
		     void **place, unsigned long ref);

#endif /* _GCH_GO_KEPT_H */
