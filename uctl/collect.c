// SPDX-License-Identifier: GPL-2.0
/*
 * gcctl collect: requests a collection and waits for its end.
 *
 * The kernel answers at once with a ticket; the collection has ended when the heap's
 * count of served requests reaches the ticket. A new heap of the same name counts
 * from 0, so its id distinguishes it.
 */
#include <errno.h>
#include <linux/gcheap.h>

#include "gcctl.h"
#include "heap.h"
#include "nl.h"
#include "out.h"
#include "parse.h"
#include "wait.h"

static const struct key collect_keys[] = {
	{ "generation", KEY_NUMBER, GCHEAP_A_HEAP_GENERATION, NULL, NULL, 0 },
};

static void read_ticket(struct gnl_reply *reply, void *arg)
{
	gnl_read(reply, GCHEAP_A_HEAP_NAME, arg);
}

/* Waits until the heap's served requests reach the ticket. */
static int wait_for(const char *name, uint64_t id, uint64_t ticket,
		    uint64_t begin, struct gnl_facts *heap)
{
	struct backoff wait = BACKOFF_INIT(20000);
	int err;

	for (;;) {
		err = heap_get(name, heap);
		if (err && err != -ENOENT)
			return gnl_fail(err);
		if (err || heap->num[GCHEAP_A_HEAP_ID] != id)
			return out_error(STATUS_REFUSED, ENOENT, NULL,
					 "heap %s was deleted", name);
		if (heap->num[GCHEAP_A_HEAP_REQUESTS_ENDED] >= ticket)
			return STATUS_OK;
		if (wait_interrupted())
			return out_error(STATUS_SIGNAL, 0, NULL,
					 "interrupted; the collection continues");
		progress("collecting %s, %.1f s", name,
			 (double)(clock_ns() - begin) / 1e9);
		backoff_sleep(&wait);
	}
}

int collect_cmd(int argc, char **argv)
{
	struct value values[ARRAY_SIZE(collect_keys)] = { 0 };
	struct gnl_facts f = { 0 }, heap;
	struct nl_msg *msg;
	uint64_t begin, id;
	int err;

	if (!argc)
		return out_error(STATUS_USAGE, 0,
				 "gcctl collect NAME [generation N]",
				 "collect needs the name of a heap");
	if (parse_heap_name(argv[0]) ||
	    parse_keys(argc - 1, argv + 1, collect_keys,
		       ARRAY_SIZE(collect_keys), values))
		return STATUS_USAGE;
	err = gnl_open(GNL_GCHEAP);
	if (err)
		return err;
	wait_catch_signals();
	begin = clock_ns();
	/*
	 * Read before the request: this id is of the heap that answers, or of a
	 * predecessor.
	 */
	err = heap_get(argv[0], &heap);
	if (err)
		return gnl_fail(err);
	id = heap.num[GCHEAP_A_HEAP_ID];
	msg = gnl_new(GNL_GCHEAP, GCHEAP_CMD_COLLECT, 128);
	gnl_put_name(msg, GCHEAP_A_HEAP_NAME, argv[0]);
	if (values[0].given)
		gnl_put_u32(msg, GCHEAP_A_HEAP_GENERATION,
			    (uint32_t)values[0].num);
	err = gnl_do(msg, read_ticket, &f);
	if (err)
		return gnl_fail(err);
	err = wait_for(argv[0], id, f.num[GCHEAP_A_HEAP_TICKET], begin, &heap);
	progress_end();
	if (err)
		return err;
	out_group(NULL, NULL);
	out_item("name", NULL, out_text(argv[0]));
	out_item("cycles", "GC cycles",
		 out_num(OUT_COUNT, heap.num[GCHEAP_A_HEAP_CYCLES]));
	out_item("elapsed-ns", "elapsed",
		 out_num(OUT_NS, clock_ns() - begin));
	out_end();
	return STATUS_OK;
}
