// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink handlers of gcheap_load: requests in, replies out, no policy
 *
 * Handlers run concurrently, and no family can be registered while one runs. So no
 * handler waits for the progress of a run, or for its threads to leave; a request
 * that would have to wait fails with -EAGAIN.
 */
#include "compat.h"
#include "load.h"

#include <linux/capability.h>
#include <linux/genetlink.h>
#include <linux/ktime.h>

#include "generated/netlink.h"

#define WL(name)	BIT(GCHEAP_LOAD_WORKLOAD_##name)
#define WL_ALL		(WL(REPLAY) | WL_TIMED)
#define WL_TIMED	(WL(BINARY_TREES) | WL(LRU) | WL(CYCLES) | WL(ALLOC) | \
			 WL_READY)
/* Workloads whose mutators set up before the run's time begins. */
#define WL_READY	(WL(CHURN) | WL(LARSON) | WL(MSTRESS))

/* A number attribute of run-new: its field, limits, and workloads. */
struct number {
	u16 attr;
	u16 offset;
	u32 min;
	u32 max;
	u32 workloads;
	const char *name;
	const char *takers;
};

static const struct number numbers[] = {
	{
		GCHEAP_LOAD_A_RUN_MUTATORS,
		offsetof(struct gch_load_args, mutators),
		1, GCH_LOAD_MUTATORS_MAX, WL_ALL, "mutators", "all",
	}, {
		GCHEAP_LOAD_A_RUN_SECONDS,
		offsetof(struct gch_load_args, seconds),
		1, 86400, WL_TIMED, "seconds", "workloads other than replay",
	}, {
		GCHEAP_LOAD_A_RUN_MAX_OPERATIONS,
		offsetof(struct gch_load_args, max_operations),
		1, U32_MAX, WL_TIMED, "max-operations",
		"workloads other than replay",
	}, {
		GCHEAP_LOAD_A_RUN_DEPTH,
		offsetof(struct gch_load_args, depth),
		1, 24, WL(BINARY_TREES), "depth", "binary-trees",
	}, {
		GCHEAP_LOAD_A_RUN_ENTRIES,
		offsetof(struct gch_load_args, entries),
		1, 1000000, WL(LRU) | WL(CYCLES), "entries", "lru and cycles",
	}, {
		GCHEAP_LOAD_A_RUN_SIZE,
		offsetof(struct gch_load_args, size),
		0, SZ_64K, WL(LRU) | WL(CYCLES), "size", "lru and cycles",
	}, {
		GCHEAP_LOAD_A_RUN_LIVE,
		offsetof(struct gch_load_args, live),
		SZ_64K, GCH_LOAD_LIVE_MAX, WL(CHURN), "live", "churn",
	}, {
		GCHEAP_LOAD_A_RUN_BLOCKS,
		offsetof(struct gch_load_args, blocks),
		1, GCH_LOAD_BLOCKS_MAX, WL(LARSON), "blocks", "larson",
	}, {
		GCHEAP_LOAD_A_RUN_MIN_SIZE,
		offsetof(struct gch_load_args, min_size),
		8, SZ_64K, WL(LARSON), "min-size", "larson",
	}, {
		GCHEAP_LOAD_A_RUN_MAX_SIZE,
		offsetof(struct gch_load_args, max_size),
		8, SZ_64K, WL(LARSON), "max-size", "larson",
	}, {
		GCHEAP_LOAD_A_RUN_ROUNDS,
		offsetof(struct gch_load_args, rounds),
		1, 100000, WL(LARSON), "rounds", "larson",
	}, {
		GCHEAP_LOAD_A_RUN_SCALE,
		offsetof(struct gch_load_args, scale),
		1, GCH_LOAD_SCALE_MAX, WL(MSTRESS), "scale", "mstress",
	},
};

static int refuse(struct genl_info *info, u16 attr, const char *message)
{
	NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
	if (info->extack)
		info->extack->_msg = message;
	return -EINVAL;
}

/*
 * Also checks the opener of the socket, because a more privileged task may have
 * received it.
 */
static int check_admin(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "CAP_SYS_ADMIN is required");
	return -EPERM;
}

static struct gch_load_run *find_run(struct genl_info *info)
{
	struct gch_load_run *run;

	if (GENL_REQ_ATTR_CHECK(info, GCHEAP_LOAD_A_RUN_ID)) {
		NL_SET_ERR_MSG(info->extack, "id is missing");
		return ERR_PTR(-EINVAL);
	}
	run = gch_load_run_find(nla_get_u32(info->attrs[GCHEAP_LOAD_A_RUN_ID]));
	if (!run) {
		refuse(info, GCHEAP_LOAD_A_RUN_ID, "id: no such run");
		return ERR_PTR(-ENOENT);
	}
	return run;
}

static void set_defaults(struct gch_load_args *args)
{
	args->mutators = 1;
	args->verify = true;
	if (args->workload != GCHEAP_LOAD_WORKLOAD_REPLAY)
		args->seconds =
			args->workload == GCHEAP_LOAD_WORKLOAD_CHURN ? 20 : 5;
	args->depth = 12;
	args->entries = args->workload == GCHEAP_LOAD_WORKLOAD_LRU ? 10000 : 100;
	args->size = 64;
	args->live = 100 * SZ_1M;
	args->blocks = 5000;
	args->min_size = 8;
	args->max_size = 1000;
	args->rounds = 100;
	args->scale = 50;
}

static int parse_number(struct genl_info *info, const struct number *number,
			struct gch_load_args *args)
{
	struct nlattr *attr = info->attrs[number->attr];
	u32 value;

	if (!attr)
		return 0;
	if (!(number->workloads & BIT(args->workload))) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr, "%s applies only to %s",
					number->name, number->takers);
		return -EINVAL;
	}
	value = nla_get_u32(attr);
	if (value < number->min || value > number->max) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr, "%s must be %u to %u",
					number->name, number->min, number->max);
		return -ERANGE;
	}
	*(u32 *)((void *)args + number->offset) = value;
	return 0;
}

static int check_sizes(struct genl_info *info, const struct gch_load_args *args)
{
	u16 attr = info->attrs[GCHEAP_LOAD_A_RUN_MIN_SIZE] ?
		   GCHEAP_LOAD_A_RUN_MIN_SIZE : GCHEAP_LOAD_A_RUN_MAX_SIZE;

	if (args->min_size <= args->max_size)
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, info->attrs[attr],
				"min-size (%u) must not exceed max-size (%u)",
				args->min_size, args->max_size);
	return -ERANGE;
}

static int parse_verify(struct genl_info *info, struct gch_load_args *args)
{
	struct nlattr *attr = info->attrs[GCHEAP_LOAD_A_RUN_VERIFY];

	if (!attr)
		return 0;
	if (args->workload != GCHEAP_LOAD_WORKLOAD_REPLAY)
		return refuse(info, GCHEAP_LOAD_A_RUN_VERIFY,
			      "verify applies only to replay; workloads are always verified");
	if (nla_get_u32(attr) > 1)
		return refuse(info, GCHEAP_LOAD_A_RUN_VERIFY,
			      "verify must be 0 or 1");
	args->verify = nla_get_u32(attr);
	return 0;
}

static int parse_request(struct genl_info *info, struct gch_load_args *args)
{
	unsigned int i;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, GCHEAP_LOAD_A_RUN_HEAP)) {
		NL_SET_ERR_MSG(info->extack, "heap is missing");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, GCHEAP_LOAD_A_RUN_WORKLOAD)) {
		NL_SET_ERR_MSG(info->extack, "workload is missing");
		return -EINVAL;
	}
	args->workload = nla_get_u32(info->attrs[GCHEAP_LOAD_A_RUN_WORKLOAD]);
	set_defaults(args);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		err = parse_number(info, &numbers[i], args);
		if (err)
			return err;
	}
	if (args->workload == GCHEAP_LOAD_WORKLOAD_REPLAY &&
	    args->mutators > gch_load_replay.max_mutators)
		return refuse(info, GCHEAP_LOAD_A_RUN_MUTATORS,
			      "mutators must be 1 to 8 for a replay");
	/* A number of operations replaces the default time. */
	if (args->max_operations && !info->attrs[GCHEAP_LOAD_A_RUN_SECONDS])
		args->seconds = 0;
	return check_sizes(info, args) ? : parse_verify(info, args);
}

/**
 * gcheap_load_nl_run_new_doit - start a run
 * @skb: the request
 * @info: its attributes
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int gcheap_load_nl_run_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_load_args args = {};
	struct gch_load_run *run;
	struct sk_buff *msg;
	void *hdr;
	int err;

	err = check_admin(skb, info) ? : parse_request(info, &args);
	if (err)
		return err;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(msg, info, &gcheap_load_nl_family, 0,
				info->genlhdr->cmd);
	if (!hdr)
		goto err_free;

	run = gch_load_run_new(nla_data(info->attrs[GCHEAP_LOAD_A_RUN_HEAP]),
			       &args, info->snd_portid, info->extack);
	if (IS_ERR(run)) {
		err = PTR_ERR(run);
		/* These concern the heap. */
		if (err == -ENOENT || err == -ENODEV || err == -EBUSY)
			NL_SET_BAD_ATTR(info->extack,
					info->attrs[GCHEAP_LOAD_A_RUN_HEAP]);
		goto err_free;
	}
	err = nla_put_u32(msg, GCHEAP_LOAD_A_RUN_ID, run->id);
	if (err) {
		nlmsg_free(msg);
	} else {
		genlmsg_end(msg, hdr);
		err = genlmsg_reply(msg, info);
	}
	/* User space never learns the number of this run, so it could not stop it. */
	if (err)
		gch_load_run_abandon(run);
	gch_load_run_put(run);
	return err;

err_free:
	nlmsg_free(msg);
	return err;
}

static int put_mismatches(struct sk_buff *msg, const struct gch_load_run *run)
{
	unsigned int i, nr = min_t(u64, run->mismatches, GCH_LOAD_MISMATCHES);
	const struct gch_load_mismatch *mismatch;
	struct nlattr *nest;

	for (i = 0; i < nr; i++) {
		mismatch = &run->mismatch[i];
		nest = nla_nest_start(msg, GCHEAP_LOAD_A_RUN_MISMATCH);
		if (!nest ||
		    nla_put_u32(msg, GCHEAP_LOAD_A_MISMATCH_KIND,
				mismatch->kind) ||
		    nla_put_uint(msg, GCHEAP_LOAD_A_MISMATCH_LINE,
				 mismatch->line) ||
		    nla_put_uint(msg, GCHEAP_LOAD_A_MISMATCH_OBJECT,
				 mismatch->object))
			return -EMSGSIZE;
		nla_nest_end(msg, nest);
	}
	return 0;
}

static int put_args(struct sk_buff *msg, const struct gch_load_run *run)
{
	if (nla_put_u32(msg, GCHEAP_LOAD_A_RUN_ID, run->id) ||
	    nla_put_string(msg, GCHEAP_LOAD_A_RUN_HEAP, run->heap_name) ||
	    nla_put_u32(msg, GCHEAP_LOAD_A_RUN_WORKLOAD, run->args.workload) ||
	    nla_put_u32(msg, GCHEAP_LOAD_A_RUN_MUTATORS, run->args.mutators))
		return -EMSGSIZE;
	return 0;
}

static int put_state(struct sk_buff *msg, const struct gch_load_run *run)
{
	u64 elapsed = (run->end_ns ? : ktime_get_ns()) - run->start_ns;
	u64 operations = 0, work_ns = 0;
	unsigned int i;

	for (i = 0; i < run->args.mutators; i++) {
		operations += READ_ONCE(run->thread[i].operations);
		work_ns += READ_ONCE(run->thread[i].work_ns);
	}
	if (nla_put_u32(msg, GCHEAP_LOAD_A_RUN_STATE, run->state) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_OPERATIONS, operations) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_ELAPSED_NS, elapsed) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_WORK_NS, work_ns))
		return -EMSGSIZE;
	if (run->error &&
	    nla_put_u32(msg, GCHEAP_LOAD_A_RUN_ERROR, -run->error))
		return -EMSGSIZE;
	if (run->message[0] &&
	    nla_put_string(msg, GCHEAP_LOAD_A_RUN_MESSAGE, run->message))
		return -EMSGSIZE;
	return 0;
}

static int put_live(struct sk_buff *msg, const struct gch_load_run *run)
{
	if (nla_put_uint(msg, GCHEAP_LOAD_A_RUN_LIVE_EXPECTED,
			 run->live_expected) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_LIVE_FOUND, run->live_found))
		return -EMSGSIZE;
	return 0;
}

static int put_replay(struct sk_buff *msg, const struct gch_load_run *run)
{
	if (nla_put_u32(msg, GCHEAP_LOAD_A_RUN_VERIFY, run->args.verify) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_LINES, READ_ONCE(run->lines)) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_SKIPPED,
			 READ_ONCE(run->skipped)) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_CHECKS,
			 READ_ONCE(run->checks)) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_OWN_BYTES,
			 READ_ONCE(run->own_bytes)))
		return -EMSGSIZE;
	/*
	 * A run that failed before its end has not proved that there are no
	 * mismatches.
	 */
	if ((run->mismatches || !run->error) &&
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_MISMATCHES, run->mismatches))
		return -EMSGSIZE;
	if (run->counted && put_live(msg, run))
		return -EMSGSIZE;
	return put_mismatches(msg, run);
}

static int put_alloc(struct sk_buff *msg, const struct gch_load_run *run)
{
	if (run->state == GCHEAP_LOAD_STATE_RUNNING)
		return 0;
	if (nla_put_uint(msg, GCHEAP_LOAD_A_RUN_SMALL_ALLOC_PS,
			 run->figure[0]) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_LARGE_ALLOC_PS,
			 run->figure[1]) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_STORE_PS, run->figure[2]))
		return -EMSGSIZE;
	return 0;
}

static int put_hist(struct sk_buff *msg, int attr,
		    const struct gch_hist_summary *sum)
{
	struct nlattr *nest = nla_nest_start(msg, attr);

	if (!nest ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_HIST_COUNT, sum->count) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_HIST_SUM_NS, sum->sum_ns) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_HIST_MAX_NS, sum->max_ns) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_HIST_P50_NS, sum->p50_ns) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_HIST_P99_NS, sum->p99_ns) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_HIST_P999_NS, sum->p999_ns) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_HIST_P9999_NS, sum->p9999_ns))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_churn(struct sk_buff *msg, const struct gch_load_run *run)
{
	static const u16 attrs[GCH_LOAD_WINDOWS] = {
		GCHEAP_LOAD_A_RUN_MMU1, GCHEAP_LOAD_A_RUN_MMU10,
		GCHEAP_LOAD_A_RUN_MMU100,
	};
	unsigned int i;

	for (i = 0; i < GCH_LOAD_WINDOWS; i++)
		if (run->mmu[i] != U32_MAX &&
		    nla_put_u32(msg, attrs[i], run->mmu[i]))
			return -EMSGSIZE;
	return put_hist(msg, GCHEAP_LOAD_A_RUN_LATENCY, &run->latency) ? :
	       put_hist(msg, GCHEAP_LOAD_A_RUN_PAUSE, &run->pause);
}

static int put_parts(struct sk_buff *msg, const struct gch_census *census)
{
	struct nlattr *nest = nla_nest_start(msg, GCHEAP_LOAD_A_RUN_MEMORY);

	if (!nest ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_MEMORY_HELD_BYTES,
			 census->held_bytes) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_MEMORY_FRAGMENTATION_BYTES,
			 census->held_bytes - census->live_bytes))
		return -EMSGSIZE;
	if (census->reachable_bytes != GCH_UNKNOWN &&
	    (nla_put_uint(msg, GCHEAP_LOAD_A_MEMORY_REACHABLE_BYTES,
			  census->reachable_bytes) ||
	     nla_put_uint(msg, GCHEAP_LOAD_A_MEMORY_WAITING_BYTES,
			  census->live_bytes - census->reachable_bytes)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_memory(struct sk_buff *msg, const struct gch_load_run *run)
{
	const struct gch_peaks *peaks = &run->peaks;

	if (run->state == GCHEAP_LOAD_STATE_RUNNING)
		return 0;
	if (nla_put_uint(msg, GCHEAP_LOAD_A_RUN_PEAK_HELD_BYTES,
			 peaks->held_bytes) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_PEAK_LIVE_BYTES,
			 peaks->live_bytes) ||
	    nla_put_uint(msg, GCHEAP_LOAD_A_RUN_GARBAGE_MAX_BYTES,
			 peaks->garbage_bytes))
		return -EMSGSIZE;
	return put_parts(msg, &peaks->census);
}

/* Results of workloads that set up first; there are none before the run has ended. */
static int put_ready(struct sk_buff *msg, const struct gch_load_run *run)
{
	if (run->state == GCHEAP_LOAD_STATE_RUNNING)
		return 0;
	/* A stopped run does not count objects. */
	if (run->counted && put_live(msg, run))
		return -EMSGSIZE;
	if (run->args.workload == GCHEAP_LOAD_WORKLOAD_CHURN)
		return put_churn(msg, run);
	if (nla_put_uint(msg, GCHEAP_LOAD_A_RUN_HANDED_OVER, run->handed_over))
		return -EMSGSIZE;
	return 0;
}

static int put_run(struct sk_buff *msg, struct gch_load_run *run)
{
	int err;

	mutex_lock(&run->lock);
	err = put_args(msg, run) ? : put_state(msg, run) ? :
	      put_memory(msg, run);
	if (!err && run->args.workload == GCHEAP_LOAD_WORKLOAD_REPLAY)
		err = put_replay(msg, run);
	if (!err && run->args.workload == GCHEAP_LOAD_WORKLOAD_ALLOC)
		err = put_alloc(msg, run);
	if (!err && (BIT(run->args.workload) & WL_READY))
		err = put_ready(msg, run);
	mutex_unlock(&run->lock);
	return err;
}

/**
 * gcheap_load_nl_run_get_doit - progress and result of one run
 * @skb: the request
 * @info: its attributes
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int gcheap_load_nl_run_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_load_run *run = find_run(info);
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (IS_ERR(run))
		return PTR_ERR(run);
	err = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		goto out_put;
	hdr = genlmsg_put_reply(msg, info, &gcheap_load_nl_family, 0,
				info->genlhdr->cmd);
	err = hdr ? put_run(msg, run) : -EMSGSIZE;
	if (err) {
		nlmsg_free(msg);
		goto out_put;
	}
	genlmsg_end(msg, hdr);
	err = genlmsg_reply(msg, info);
out_put:
	gch_load_run_put(run);
	return err;
}

/* Position of a dump. */
struct dump_state {
	u32 last;
};

static int dump_run(struct sk_buff *skb, struct netlink_callback *cb,
		    struct gch_load_run *run)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &gcheap_load_nl_family, NLM_F_MULTI,
			  GCHEAP_LOAD_CMD_RUN_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_run(skb, run)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * gcheap_load_nl_run_get_dumpit - progress and results of all runs
 * @skb: the reply
 * @cb: state of the dump
 *
 * Context: may sleep.
 * Return: bytes put, 0 at the end, or an error.
 */
int gcheap_load_nl_run_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct dump_state *state = (struct dump_state *)cb->ctx;
	struct gch_load_run *run;
	int err = 0;

	BUILD_BUG_ON(sizeof(*state) > sizeof(cb->ctx));
	cb->seq = gch_load_runs_seq();
	while (!err) {
		run = gch_load_run_next(state->last);
		if (!run)
			break;
		err = dump_run(skb, cb, run);
		if (!err)
			state->last = run->id;
		gch_load_run_put(run);
	}
	return skb->len ? : err;
}

/**
 * gcheap_load_nl_run_stop_doit - stop a run
 * @skb: the request
 * @info: its attributes
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int gcheap_load_nl_run_stop_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_load_run *run;
	int err;

	err = check_admin(skb, info);
	if (err)
		return err;
	run = find_run(info);
	if (IS_ERR(run))
		return PTR_ERR(run);
	gch_load_run_stop(run);
	gch_load_run_put(run);
	return 0;
}

/**
 * gcheap_load_nl_run_del_doit - forget a run that has ended, stop one that has not
 * @skb: the request
 * @info: its attributes
 *
 * Context: may sleep.
 * Return: 0, -EAGAIN while the run ends, or an error.
 */
int gcheap_load_nl_run_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct gch_load_run *run;
	int err;

	err = check_admin(skb, info);
	if (err)
		return err;
	run = find_run(info);
	if (IS_ERR(run))
		return PTR_ERR(run);
	err = gch_load_run_delete(run->id);
	gch_load_run_put(run);
	if (err == -ENOENT)
		refuse(info, GCHEAP_LOAD_A_RUN_ID, "id: no such run");
	else if (err == -EAGAIN)
		NL_SET_ERR_MSG(info->extack,
			       "id: the run is still ending, try again");
	return err;
}

/**
 * gcheap_load_nl_run_feed_doit - feed a replay its next records
 * @skb: the request
 * @info: its attributes
 *
 * Context: may sleep.
 * Return: 0, -EAGAIN if the replay's queue is full, or an error.
 */
int gcheap_load_nl_run_feed_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *chunk = info->attrs[GCHEAP_LOAD_A_RUN_CHUNK];
	bool last = info->attrs[GCHEAP_LOAD_A_RUN_LAST];
	struct gch_load_run *run;
	int err;

	err = check_admin(skb, info);
	if (err)
		return err;
	if (!chunk && !last) {
		NL_SET_ERR_MSG(info->extack, "chunk is missing");
		return -EINVAL;
	}
	if (chunk && nla_len(chunk) > GCHEAP_LOAD_CHUNK_MAX)
		return refuse(info, GCHEAP_LOAD_A_RUN_CHUNK,
			      "chunk must have at most 32768 bytes");
	run = find_run(info);
	if (IS_ERR(run))
		return PTR_ERR(run);
	if (run->args.workload == GCHEAP_LOAD_WORKLOAD_REPLAY)
		err = gch_load_replay_feed(run, chunk ? nla_data(chunk) : NULL,
					   chunk ? nla_len(chunk) : 0, last,
					   info->extack);
	else
		err = refuse(info, GCHEAP_LOAD_A_RUN_ID, "id: the run is not a replay");
	gch_load_run_put(run);
	return err;
}
