/* SPDX-License-Identifier: GPL-2.0 */
/* What the fuzzers share at their end: lists of all there is, and that nothing is left. */
#ifndef FUZZ_END_H
#define FUZZ_END_H

#include "fuzz.h"

/* ---- dumps ---- */

typedef void (*fuzz_dump_fn)(const struct genl_reply *rep, void *arg);

/* The dump that fuzz_req asks for, on a socket of its own. */
static inline int fuzz_take_dump(fuzz_dump_fn fn, void *arg)
{
	static struct genl_reply part;
	static char buf[65536];
	int fd = genl_open(), len;
	struct nlmsghdr *nlh;

	genl_send(fd, &fuzz_req);
	while ((len = (int)recv(fd, buf, sizeof(buf), 0)) > 0) {
		for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_DONE ||
			    nlh->nlmsg_type == NLMSG_ERROR) {
				close(fd);
				return nlh->nlmsg_type == NLMSG_DONE ? 0 : -1;
			}
			part.len = (int)nlh->nlmsg_len - NLMSG_HDRLEN -
				   GENL_HDRLEN;
			memcpy(part.buf, (char *)NLMSG_DATA(nlh) + GENL_HDRLEN,
			       (size_t)part.len);
			fn(&part, arg);
		}
	}
	close(fd);
	return -1;
}

static inline int fuzz_dump(int family, int cmd, fuzz_dump_fn fn, void *arg)
{
	genl_begin(&fuzz_req, family, cmd, NLM_F_DUMP);
	return fuzz_take_dump(fn, arg);
}

struct fuzz_list {
	unsigned int nr;
	char name[FUZZ_LIST][32];
	uint32_t id[FUZZ_LIST];
};

static inline void fuzz_list_add(const struct genl_reply *rep, void *arg)
{
	struct fuzz_list *list = arg;
	/* Both families have id as their first attribute, a name as second. */
	const char *name = genl_data(rep, H(NAME));

	if (list->nr == FUZZ_LIST || !name ||
	    strncmp(name, FUZZ_PREFIX, strlen(FUZZ_PREFIX)))
		return;
	snprintf(list->name[list->nr], sizeof(list->name[0]), "%s", name);
	list->id[list->nr++] = (uint32_t)genl_num(rep, H(ID));
}

_Static_assert((int)H(ID) == (int)R(ID) && (int)H(NAME) == (int)R(HEAP),
	       "a list of heaps and one of runs look the same");

static inline void fuzz_clean_runs(void)
{
	static struct fuzz_list list;
	unsigned int i;

	list.nr = 0;
	fuzz_dump(fuzz_load, GCHEAP_LOAD_CMD_RUN_GET, fuzz_list_add, &list);
	for (i = 0; i < list.nr; i++)
		fuzz_del_run(list.id[i]);
}

static inline void fuzz_clean_heaps(void)
{
	static struct fuzz_list list;
	unsigned int i;

	list.nr = 0;
	fuzz_dump(fuzz_gcheap, GCHEAP_CMD_HEAP_GET, fuzz_list_add, &list);
	for (i = 0; i < list.nr; i++)
		fuzz_heap_request(GCHEAP_CMD_HEAP_DEL, list.name[i]);
}

/* ---- the end ---- */

/* Runs of sockets that were closed end a moment later, and then heaps go. */
static inline void fuzz_test_clean(const struct fuzz_totals *before)
{
	struct fuzz_totals now = { 0 };
	int i;

	for (i = 0; i < 600; i++) {
		fuzz_clean_runs();
		fuzz_clean_heaps();
		fuzz_read_totals(&now);
		if (now.heaps == before->heaps && now.pages <= before->pages)
			break;
		usleep(50000);
	}
	if (i == 600)
		ksft_print_msg("%llu heaps, %llu pages; before %llu, %llu\n",
			       (unsigned long long)now.heaps,
			       (unsigned long long)now.pages,
			       (unsigned long long)before->heaps,
			       (unsigned long long)before->pages);
	ksft_test_result(i < 600, "no heap, run or page is left\n");
}

static inline bool fuzz_heap_works(uint32_t engine)
{
	const char *name = FUZZ_PREFIX "-good";
	uint32_t id, state = GCHEAP_LOAD_STATE_FAILED;
	bool good;

	if (fuzz_new_heap(name, engine, 256ULL << 20))
		return false;
	genl_begin(&fuzz_req, fuzz_load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&fuzz_req, R(HEAP), name);
	genl_put_u32(&fuzz_req, R(WORKLOAD), GCHEAP_LOAD_WORKLOAD_LRU);
	genl_put_u32(&fuzz_req, R(MUTATORS), 2);
	genl_put_u32(&fuzz_req, R(ENTRIES), 500);
	genl_put_u32(&fuzz_req, R(MAX_OPERATIONS), 5000);
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
	if (!fuzz_rep.err) {
		id = (uint32_t)genl_num(&fuzz_rep, R(ID));
		state = fuzz_wait_run(id);
		fuzz_del_run(id);
	}
	good = state == GCHEAP_LOAD_STATE_DONE &&
	       (engine == GCHEAP_ENGINE_SLAB || fuzz_collect(name)) &&
	       fuzz_stat(name, GCHEAP_A_STATS_LIVE_OBJECTS) == 0 &&
	       fuzz_stat(name, GCHEAP_A_STATS_VERIFY_ERRORS) == 0;
	return !fuzz_heap_request(GCHEAP_CMD_HEAP_DEL, name) && good;
}

static inline void fuzz_test_heaps(void)
{
	ksft_test_result(fuzz_heap_works(GCHEAP_ENGINE_GO),
			 "a heap of go works as ever\n");
	ksft_test_result(fuzz_heap_works(GCHEAP_ENGINE_PYTHON),
			 "a heap of python works as ever\n");
	ksft_test_result(fuzz_heap_works(GCHEAP_ENGINE_SLAB),
			 "a heap of slab works as ever\n");
}

static inline bool fuzz_unload(const char *module)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (!syscall(SYS_delete_module, module, 0))
			return true;
		usleep(50000);
	}
	ksft_print_msg("%s: %s\n", module, strerror(errno));
	return false;
}

static inline void fuzz_test_unload(void)
{
	bool good;

	close(fuzz_fd);
	good = fuzz_unload("gcheap_load") && fuzz_unload("gcheap");
	fflush(stdout);
	if (getenv("GCHEAP_MODULES"))
		good = !system("insmod $GCHEAP_MODULES/gcheap.ko") &&
		       !system("insmod $GCHEAP_MODULES/gcheap_load.ko") && good;
	else
		good = !system("modprobe gcheap_load") && good;
	ksft_test_result(good, "the modules can be unloaded and loaded\n");
}

#define FUZZ_END_TESTS	5

static inline void fuzz_end(const struct fuzz_totals *before)
{
	fuzz_test_clean(before);
	fuzz_test_heaps();
	fuzz_test_unload();
	ksft_finished();
}

#endif /* FUZZ_END_H */
