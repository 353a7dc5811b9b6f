/* SPDX-License-Identifier: GPL-2.0 */
/* Checks of a heap; see validate.c. */
#ifndef _GCH_GO_VALIDATE_H
#define _GCH_GO_VALIDATE_H

struct gch_go_heap;
struct gch_heap;

int gch_go_validate(struct gch_heap *heap);
int gch_go_check_marks(struct gch_go_heap *h);

#endif /* _GCH_GO_VALIDATE_H */
