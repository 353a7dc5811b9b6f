// SPDX-License-Identifier: GPL-2.0
/*
 * gcheap_client.ko: a module that uses a heap of its own, or of another module,
 * leaves an object there that calls its functions, and is unloaded. Parameters choose
 * what it does; selftests/clients.sh checks the result.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <gcheap/gcheap.h>

static char *heap = "";
module_param(heap, charp, 0444);
MODULE_PARM_DESC(heap, "name of an existing heap to use; default: create heap t-client");

static bool forget;
module_param(forget, bool, 0444);
MODULE_PARM_DESC(forget, "do not delete the created heap");

static unsigned int takes_ms;
module_param(takes_ms, uint, 0444);
MODULE_PARM_DESC(takes_ms, "duration of the finalizer, in milliseconds");

static bool stops;
module_param(stops, bool, 0444);
MODULE_PARM_DESC(stops, "the finalizer removes a cleanup from the queue");

static unsigned int entries;
module_param(entries, uint, 0444);
MODULE_PARM_DESC(entries, "entries of a table that a kthread creates; no finalizer then");

static bool leave;
module_param(leave, bool, 0444);
MODULE_PARM_DESC(leave, "leave the table without a mutator until the end");

static unsigned int fail;
module_param(fail, uint, 0444);
MODULE_PARM_DESC(fail, "init fails: 1 at its end, 2 when the finalizer has started");

static unsigned int init_ms;
module_param(init_ms, uint, 0444);
MODULE_PARM_DESC(init_ms, "duration of init, in milliseconds");

static unsigned int called;
module_param(called, uint, 0444);
MODULE_PARM_DESC(called, "number of finalizers that have started");

static unsigned int ended;
static u64 cleanup_id;

static struct gch_heap *used;
static struct gch_roots *roots;
static struct gch_mutator *mutator;

static void finalize(struct gch_mutator *m, void *arg)
{
	WRITE_ONCE(called, called + 1);
	msleep(takes_ms);
	if (stops) {
		if (gch_cleanup_stop(gch_mutator_heap(m), cleanup_id))
			pr_err("gcheap_client: no cleanup to stop\n");
		msleep(takes_ms);
	}
	WRITE_ONCE(ended, ended + 1);
}

static void clean_up(void *arg)
{
}

/* Drops an object whose finalizer the next collection queues. */
static int drop_one(void)
{
	static const struct gch_type_desc desc = {
		.name = "client", .bytes = 32, .nr_refs = 1,
	};
	struct gch_type *type = gch_type_register(used, &desc, NULL);
	int ret;

	if (IS_ERR(type))
		return PTR_ERR(type);
	ret = gch_alloc(mutator, 0, type) ?:
	      gch_finalizer_set(mutator, 0, finalize, NULL) ?:
	      gch_clear(mutator, 0);
	if (ret || !stops)
		return ret;
	return gch_alloc(mutator, 0, type) ?:
	       gch_cleanup_add(mutator, 0, clean_up, NULL, &cleanup_id) ?:
	       gch_clear(mutator, 0);
}

static int make_table(void *done)
{
	roots = gch_roots_create(used, entries);
	kthread_complete_and_exit(done, 0);
}

static int start_table(void)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct task_struct *task;

	task = kthread_run(make_table, &done, "gch_client");
	if (IS_ERR(task))
		return PTR_ERR(task);
	wait_for_completion(&done);
	return PTR_ERR_OR_ZERO(roots);
}

static int use_heap(void)
{
	struct gch_config cfg = { .engine = GCHEAP_ENGINE_GO };

	if (!*heap)
		used = gch_heap_create("t-client", &cfg, NULL);
	else
		used = gch_heap_find(heap) ?: ERR_PTR(-ENOENT);
	return PTR_ERR_OR_ZERO(used);
}

/* Destroying a table needs a mutator. */
static void destroy_table(void)
{
	if (IS_ERR_OR_NULL(roots))
		return;
	if (!mutator)
		mutator = gch_mutator_attach(used, 1);
	if (!IS_ERR(mutator)) {
		gch_roots_destroy(mutator, roots);
		return;
	}
	pr_err("gcheap_client: cannot attach a mutator to destroy the table: %ld\n",
	       PTR_ERR(mutator));
	mutator = NULL;
}

static void leave_heap(void)
{
	destroy_table();
	gch_mutator_detach(mutator);
	if (!*heap && !forget)
		gch_heap_delete(used, NULL);
	gch_heap_put(used);
}

/* The failed init also ends the functions that it left in another module's heap. */
static int fail_init(void)
{
	if (fail > 1) {
		gch_collect(used, 2);
		while (!READ_ONCE(called))
			usleep_range(1000, 2000);
	}
	leave_heap();
	return -ECANCELED;
}

static int __init client_init(void)
{
	int ret = use_heap();

	if (ret)
		return ret;
	mutator = gch_mutator_attach(used, 2);
	if (IS_ERR(mutator)) {
		ret = PTR_ERR(mutator);
		mutator = NULL;
	}
	ret = ret ?: entries ? start_table() : drop_one();
	if (ret) {
		leave_heap();
		return ret;
	}
	if (!entries || leave) {
		gch_mutator_detach(mutator);
		mutator = NULL;
	}
	msleep(init_ms);
	return fail ? fail_init() : 0;
}

static void __exit client_exit(void)
{
	leave_heap();
	if (!forget && READ_ONCE(ended) != READ_ONCE(called))
		pr_err("gcheap_client: unloaded while a finalizer runs\n");
}

module_init(client_init);
module_exit(client_exit);
MODULE_DESCRIPTION("Test client of garbage-collected heaps");
MODULE_LICENSE("GPL");
