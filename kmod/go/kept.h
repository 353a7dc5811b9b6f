/* SPDX-License-Identifier: GPL-2.0 */
/* References that places held before they were overwritten, found by place. */
#ifndef _GCH_GO_KEPT_H
#define _GCH_GO_KEPT_H

#include <linux/types.h>

/* Bounds of the logarithm of the number of tries in a table. */
#define GCH_GO_KEPT_BITS_MIN	10U
#define GCH_GO_KEPT_BITS_MAX	21U
/* Depth limit of a trie: the bits of a hash that do not choose the trie. */
#define GCH_GO_KEPT_DEPTH(bits)	(64U - (bits))

/**
 * struct gch_go_kept - the old reference of a place
 * @child: entries whose next hash bit is 0, or 1
 * @place: the place
 * @ref: the reference
 */
struct gch_go_kept {
	struct gch_go_kept *child[2];
	void **place;
	unsigned long ref;
};

/**
 * struct gch_go_kepts - a table of old references
 * @bits: number of leading hash bits, which choose a trie
 * @trie: the first entry of each trie
 */
struct gch_go_kepts {
	unsigned int bits;
	struct gch_go_kept *trie[];
};

/**
 * struct gch_go_kept_at - a position of a look-up
 * @link: link to the place's entry, or link where it belongs
 * @hash: hash bits that have not been used
 * @steps: entries of other places passed so far
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
