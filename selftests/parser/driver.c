// SPDX-License-Identifier: GPL-2.0
/*
 * Where there is no libFuzzer: the inputs of a folder, then mutations of them
 * that know nothing of what they reach. Much weaker, but the same checks, under
 * the sanitizers of any compiler.
 *
 * driver SECONDS SEED MAX_LENGTH FOLDER
 */
#include "fuzz.h"

#include <dirent.h>
#include <time.h>

#define INPUTS_MAX	512
#define LENGTH_MAX	65536

static struct {
	uint8_t *data;
	size_t len;
} inputs[INPUTS_MAX];
static size_t nr_inputs;
static uint64_t state;

/* The one that does not know its inputs. */
__attribute__((weak))
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	(void)seed;
	return LLVMFuzzerMutate(data, size, max);
}

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(((state >> 33) * n) >> 31);
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	size_t at = size ? below((uint32_t)size) : 0;

	switch (below(4)) {
	case 0:
		if (size)
			data[at] ^= (uint8_t)(1 << below(8));
		return size;
	case 1:
		if (size)
			data[at] = (uint8_t)below(256);
		return size;
	case 2:
		if (!size)
			return size;
		memmove(data + at, data + at + 1, size - at - 1);
		return size - 1;
	default:
		if (size >= max)
			return size;
		memmove(data + at + 1, data + at, size - at);
		data[at] = (uint8_t)(below(2) ? '0' + (int)below(10) :
				     (int)below(256));
		return size + 1;
	}
}

static void load(const char *folder)
{
	static uint8_t buf[LENGTH_MAX];
	char path[4096];
	struct dirent *ent;
	DIR *dir = opendir(folder);

	while (dir && (ent = readdir(dir)) && nr_inputs < INPUTS_MAX) {
		FILE *f;
		size_t len;

		snprintf(path, sizeof(path), "%s/%s", folder, ent->d_name);
		f = ent->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (!f)
			continue;
		len = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		inputs[nr_inputs].data = malloc(len + 1);
		MUST(inputs[nr_inputs].data);
		memcpy(inputs[nr_inputs].data, buf, len);
		inputs[nr_inputs++].len = len;
	}
	if (dir)
		closedir(dir);
}

/* What aborted is in a file. */
static void keep(const uint8_t *data, size_t len)
{
	FILE *f = fopen("last-input", "wb");

	MUST(f && fwrite(data, 1, len, f) == len);
	fclose(f);
}

int main(int argc, char **argv)
{
	static uint8_t buf[LENGTH_MAX];
	unsigned long runs = 0;
	size_t max, i, len;
	time_t end;

	MUST(argc == 5);
	end = time(NULL) + atol(argv[1]);
	state = strtoull(argv[2], NULL, 10);
	max = strtoul(argv[3], NULL, 10);
	MUST(max <= LENGTH_MAX);
	load(argv[4]);
	MUST(nr_inputs);
	for (i = 0; i < nr_inputs; i++, runs++) {
		keep(inputs[i].data, inputs[i].len);
		LLVMFuzzerTestOneInput(inputs[i].data, inputs[i].len);
	}
	for (; time(NULL) < end; runs++) {
		unsigned int n = 1 + below(5);

		i = below((uint32_t)nr_inputs);
		len = inputs[i].len < max ? inputs[i].len : max;
		memcpy(buf, inputs[i].data, len);
		while (n--)
			len = LLVMFuzzerCustomMutator(buf, len, max,
						      below(1U << 31));
		keep(buf, len);
		LLVMFuzzerTestOneInput(buf, len);
	}
	fprintf(stderr, "Done %lu runs\n", runs);
	return 0;
}
