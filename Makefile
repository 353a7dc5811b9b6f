# SPDX-License-Identifier: GPL-2.0
# Verbs for people. What the modules consist of is in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
VM := selftests/vm
DESTDIR ?=
# Given to the check only if it was chosen: make itself has a default.
CHOSEN_CC := $(if $(filter command line environment,$(origin CC)),$(CC))

# Kernels with type information want pahole for that of a module, which works
# as well without.
NO_BTF := $(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)

.PHONY: help demo check fuzz check-long check-races coverage bench bench-compare \
	modules gcctl install style model clean kdir

help:
	@echo 'demo      set up, boot a guest and show both heaps at work'
	@echo 'check     set up, build everything and run the tests in guests'
	@echo '          TESTS="a b" runs only those; KERNELS="6.12 7.2" names the'
	@echo '          guests, else 6.1 and uml-debug, and a few tests in others;'
	@echo '          selftests/vm/run --help has them all'
	@echo 'check-long'
	@echo '          the long form of the tests, in twelve guests; TESTS= and'
	@echo '          KERNELS= as above'
	@echo 'check-races'
	@echo '          look for data races of the modules (kcsan); TESTS= as above'
	@echo 'coverage  run the tests and report the lines and branches that were run'
	@echo 'bench     set up and measure in a guest; BENCH="a b" only those, REPS= and'
	@echo '          CPUS= otherwise than 5 and 2'
	@echo 'bench-compare A.json B.json'
	@echo '          what has changed between two results of bench'
	@echo 'modules   build gcheap.ko and gcheap_load.ko for KDIR'
	@echo 'gcctl     build the tool'
	@echo 'install   install modules and tool (DESTDIR= for packaging)'
	@echo 'fuzz      set up and fuzz the parsers of gcctl, SECONDS=60 each'
	@echo 'style     set up and run the style and static checks'
	@echo 'model     set up and check the model of the phase protocol'
	@echo 'clean     remove what was built'
	@echo 'help      print this'
	@echo
	@echo 'KDIR=$(KDIR)'
	@echo 'Nothing demo, check and style fetch or build is put into this folder;'
	@echo 'it goes to $${GCHEAP_CACHE:-~/.cache/gcheap}.'

demo:
	@$(VM)/demo $(if $(KERNEL),--kernel $(KERNEL))

check:
	@$(VM)/check $(if $(KERNELS),--kernels '$(KERNELS)') $(TESTS)

check-long:
	@$(VM)/check --long $(if $(KERNELS),--kernels '$(KERNELS)') $(TESTS)

check-races:
	@$(VM)/check --races $(if $(KERNELS),--kernels '$(KERNELS)') $(TESTS)

coverage:
	@$(VM)/coverage $(TESTS)

fuzz:
	@selftests/parser/run $(or $(SECONDS),60)

bench:
	@$(VM)/bench $(if $(KERNEL),--kernel $(KERNEL)) $(if $(CPUS),--cpus $(CPUS)) \
		$(if $(REPS),--reps $(REPS)) $(if $(SCALE),--scale $(SCALE)) $(BENCH)

# make bench-compare A.json B.json: the files are no goals.
ifneq ($(filter bench-compare,$(MAKECMDGOALS)),)
BENCH_FILES := $(or $(strip $(A) $(B)),$(filter-out bench-compare,$(MAKECMDGOALS)))
.PHONY: $(sort $(filter-out bench-compare,$(MAKECMDGOALS)))
$(sort $(filter-out bench-compare,$(MAKECMDGOALS))):
	@:
endif

bench-compare:
	@$(VM)/bench compare $(BENCH_FILES)

kdir:
	@$(VM)/kdir '$(KDIR)' '$(CHOSEN_CC)'

modules: kdir
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(NO_BTF) modules

gcctl:
	$(MAKE) -C uctl

install: modules gcctl
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(MAKE) -C uctl DESTDIR=$(DESTDIR) install

style:
	@selftests/style/run

model:
	@selftests/model/run all

# Without asking a kernel, so that it works when there is none.
clean:
	@rm -rf .tmp_versions modules.order Module.symvers .module-common.o \
		.module-common.o.cmd .Module.symvers.cmd .modules.order.cmd
	@rm -f *.ko *.mod *.mod.c *.o .*.cmd
	@find kmod \( -name '*.o' -o -name '.*.cmd' -o -name '*.o.d' -o -name '*.gcno' \) \
		-type f -delete
	@if [ -e uctl/Makefile ]; then $(MAKE) -s -C uctl clean; fi
	@$(VM)/build clean
