// SPDX-License-Identifier: GPL-2.0
/*
 * Every file under /sys/kernel/debug/gcheap opened in every mode, read at any
 * place and in any size, written junk to, sought in, mapped, held open: by
 * several processes, while heaps come and go and work is done in them. What is
 * not writable takes nothing; nothing that is read depends on where the reads
 * were cut.
 */
#define _GNU_SOURCE
#include "fuzz.h"
#include "fuzz_end.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define DEBUGFS		"/sys/kernel/debug"
#define ROOT		DEBUGFS "/gcheap"
#define READERS		3
#define HEAPS		4
#define HELD		8
#define VIEW_BYTES	1048576

/* A file picked at random, walking down from the top; false if there is none. */
static bool pick(char *path, size_t size)
{
	struct dirent *ent;
	struct stat st;
	int depth;

	snprintf(path, size, "%s", ROOT);
	for (depth = 0; depth < 4; depth++) {
		unsigned int seen = 0;
		char name[256] = "";
		size_t len = strlen(path);
		DIR *dir = opendir(path);

		if (!dir)
			return false;
		while ((ent = readdir(dir)))
			if (ent->d_name[0] != '.' && !fuzz_below(++seen))
				snprintf(name, sizeof(name), "%s", ent->d_name);
		closedir(dir);
		if (!name[0])
			return false;
		snprintf(path + len, size - len, "/%s", name);
		if (stat(path, &st))
			return false;
		if (!S_ISDIR(st.st_mode))
			return true;
	}
	return false;
}

static void read_about(int fd)
{
	static char buf[VIEW_BYTES];
	int n = 1 + (int)fuzz_below(6);

	while (n--) {
		size_t len = fuzz_chance(30) ? 1 + fuzz_below(8) :
			     fuzz_chance(50) ? fuzz_below(5000) : sizeof(buf);

		switch (fuzz_below(5)) {
		case 0:
			lseek(fd, (off_t)fuzz_below(10000),
			      fuzz_chance(80) ? SEEK_SET : SEEK_CUR);
			break;
		case 1:
			lseek(fd, (off_t)(fuzz_next() >> fuzz_below(64)),
			      (int)fuzz_below(6));
			break;
		case 2:
			if (pread(fd, buf, len, (off_t)(fuzz_next() >>
							fuzz_below(64))) < 0)
				break;
			break;
		default:
			if (read(fd, buf, len) < 0)
				return;
		}
	}
}

/* False if a file took what it must not take. */
static bool write_junk(const char *path)
{
	int fd = open(path, O_RDWR | (fuzz_chance(30) ? O_TRUNC : 0));
	char junk[5000];
	size_t i, len = fuzz_below(sizeof(junk));
	bool taken = false;
	struct stat st;

	for (i = 0; i < len; i++)
		junk[i] = (char)(fuzz_chance(70) ? '0' + (int)fuzz_below(10) :
				 (int)fuzz_below(256));
	if (fd < 0)
		return true;
	for (i = 0; i < 3; i++)
		taken = (fuzz_chance(50) ? write(fd, junk, len) :
			 pwrite(fd, junk, len, (off_t)fuzz_below(100000))) > 0 ||
			taken;
	if (!fstat(fd, &st) && !(st.st_mode & 0222) && taken) {
		printf("# %s has no write permission and took something\n",
		       path);
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

static int reader(unsigned int rounds)
{
	int held[HELD], i, fd, at;
	char path[600];
	void *map;

	memset(held, -1, sizeof(held));
	while (rounds-- && !fuzz_is_late()) {
		if (!pick(path, sizeof(path))) {
			usleep(1000);
			continue;
		}
		if (fuzz_chance(15) && !write_junk(path))
			return 1;
		fd = open(path, O_RDONLY | (fuzz_chance(10) ? O_NONBLOCK : 0));
		if (fd < 0)
			continue;
		read_about(fd);
		if (fuzz_chance(5)) {
			map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
			if (map != MAP_FAILED)
				munmap(map, 4096);
		}
		if (fuzz_chance(30)) {
			/* Kept, and read again when its heap may be gone. */
			at = (int)fuzz_below(HELD);
			if (held[at] >= 0) {
				read_about(held[at]);
				close(held[at]);
			}
			held[at] = fd;
		} else {
			close(fd);
		}
	}
	for (i = 0; i < HELD; i++)
		if (held[i] >= 0)
			close(held[i]);
	return 0;
}

static void start_run(const char *name)
{
	genl_begin(&fuzz_req, fuzz_load, GCHEAP_LOAD_CMD_RUN_NEW, 0);
	genl_put_str(&fuzz_req, R(HEAP), name);
	genl_put_u32(&fuzz_req, R(WORKLOAD), fuzz_chance(50) ?
		     GCHEAP_LOAD_WORKLOAD_CYCLES :
		     GCHEAP_LOAD_WORKLOAD_BINARY_TREES);
	genl_put_u32(&fuzz_req, R(MAX_OPERATIONS), 1 + fuzz_below(50));
	genl_do(fuzz_fd, &fuzz_req, &fuzz_rep);
}

/* One step of the life of heaps. */
static void live(unsigned int round)
{
	char name[32];

	snprintf(name, sizeof(name), FUZZ_PREFIX "-d%u", fuzz_below(HEAPS));
	switch (fuzz_below(4)) {
	case 0:
		fuzz_new_heap(name, fuzz_below(3), 16U << 20);
		break;
	case 1:
		fuzz_heap_request(GCHEAP_CMD_HEAP_DEL, name);
		break;
	case 2:
		fuzz_heap_request(GCHEAP_CMD_COLLECT, name);
		break;
	default:
		start_run(name);
	}
	if (round % 20 == 19)
		fuzz_clean_runs();
}

/* Readers that write, and heaps that come and go until they have done. */
static void test_readers(void)
{
	unsigned int i, rounds = fuzz_rounds(1000, 4), left = 0, round = 0;
	bool good;
	int status;

	fflush(stdout);
	for (i = 0; i < READERS; i++) {
		uint64_t seed = fuzz_next();
		pid_t pid = fork();

		if (!pid) {
			fuzz_state = seed;
			status = reader(rounds);
			fflush(stdout);
			_exit(status);
		}
		if (pid > 0)
			left++;
		else
			ksft_print_msg("fork: %s\n", strerror(errno));
	}
	good = left == READERS;
	while (left) {
		live(round++);
		if (waitpid(-1, &status, WNOHANG) > 0) {
			left--;
			good = !status && good;
		}
	}
	ksft_print_msg("heaps have come and gone in %u steps\n", round);
	ksft_test_result(good, "up to %u files read and written by each of %u processes\n",
			 rounds, READERS);
}

static size_t read_whole(const char *path, char *buf, bool in_pieces)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	do {
		size_t want = in_pieces ? 1 + fuzz_below(60) : VIEW_BYTES - len;

		if (want > VIEW_BYTES - len)
			want = VIEW_BYTES - len;
		n = read(fd, buf + len, want);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
	return len;
}

/* A heap at rest reads the same, however it is read. */
static bool reads_alike(uint32_t engine)
{
	static char whole[VIEW_BYTES], pieces[VIEW_BYTES];
	const char *name = FUZZ_PREFIX "-alike";
	char path[600], dir_path[300];
	unsigned int files = 0;
	struct dirent *ent;
	bool good = true;
	DIR *dir;

	if (fuzz_new_heap(name, engine, 64U << 20))
		return false;
	start_run(name);
	fuzz_wait_run((uint32_t)genl_num(&fuzz_rep, R(ID)));
	snprintf(dir_path, sizeof(dir_path), ROOT "/%s", name);
	dir = opendir(dir_path);
	while (dir && (ent = readdir(dir))) {
		size_t len;

		if (ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir_path, ent->d_name);
		len = read_whole(path, whole, false);
		files++;
		if (len && len == read_whole(path, pieces, true) &&
		    !memcmp(whole, pieces, len))
			continue;
		ksft_print_msg("%s reads otherwise in pieces\n", path);
		good = false;
	}
	if (dir)
		closedir(dir);
	fuzz_clean_runs();
	return !fuzz_heap_request(GCHEAP_CMD_HEAP_DEL, name) && good && files;
}

static void test_alike(void)
{
	ksft_test_result(reads_alike(GCHEAP_ENGINE_GO), "views of go in pieces\n");
	ksft_test_result(reads_alike(GCHEAP_ENGINE_PYTHON),
			 "views of python in pieces\n");
	ksft_test_result(reads_alike(GCHEAP_ENGINE_SLAB),
			 "views of slab in pieces\n");
}

int main(void)
{
	struct fuzz_totals before;

	if (access(ROOT, X_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (access(ROOT, X_OK)) {
		ksft_print_header();
		need(false, "no debugfs, or gcheap is not loaded");
	}
	fuzz_begin(4 + FUZZ_END_TESTS, &before);
	test_alike();
	test_readers();
	fuzz_end(&before);
}
