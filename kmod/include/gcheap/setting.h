/* SPDX-License-Identifier: GPL-2.0 */
/* The settings of an engine's heaps (core/setting.c). */
#ifndef _GCHEAP_SETTING_H
#define _GCHEAP_SETTING_H

#include <linux/types.h>
#include <uapi/linux/gcheap.h>
#include <gcheap/key.h>

/**
 * struct gch_setting - a setting that an engine's heaps have
 * @key: the setting; from %GCH_KEY_OWN on one that only this engine has
 * @name: its name in the user interface
 * @doc: what it sets, in one sentence
 * @unit: unit of the value
 * @def: default value
 * @min: smallest value
 * @max: largest value
 * @zero: word for 0, NULL if 0 is an ordinary value
 * @words: the words of %GCHEAP_UNIT_CHOICE, the last one NULL
 * @live: may change while the heap exists
 * @pow2: must be a power of two
 *
 * Settings of engines of this module, and those of all engines, are generated from the
 * netlink specification.
 */
struct gch_setting {
	enum gch_key key;
	const char *name;
	const char *doc;
	enum gcheap_unit unit;
	u64 def;
	u64 min;
	u64 max;
	const char *zero;
	const char * const *words;
	bool live;
	bool pow2;
};

#endif /* _GCHEAP_SETTING_H */
