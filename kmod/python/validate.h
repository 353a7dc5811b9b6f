/* SPDX-License-Identifier: GPL-2.0 */
/* Checks of a heap; see validate.c. */
#ifndef _GCH_PY_VALIDATE_H
#define _GCH_PY_VALIDATE_H

struct gch_heap;

int gch_py_validate(struct gch_heap *heap);

#endif /* _GCH_PY_VALIDATE_H */
