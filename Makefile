# SPDX-License-Identifier: GPL-2.0
# Verbs for people. What the modules consist of is in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
VM := selftests/vm
# Where the modules are built: a folder with Kbuild and kmod, or links to them.
MDIR ?= $(CURDIR)

# Where things are installed. Headers and symbols are for building other modules,
# which is done where kernel sources are.
DESTDIR ?=
PREFIX ?= /usr/local
INSTALL ?= install
INSTALL_MOD_DIR ?= updates
srcdir ?= /usr/src
includedir ?= $(PREFIX)/include
specdir ?= $(PREFIX)/share/ynl/specs
VERSION := $(shell sed -n 's/^VERSION := //p' uctl/Makefile)
# As the kernel calls itself: Debian's include/config/kernel.release is another.
RELEASE = $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	'$(KDIR)/include/generated/utsrelease.h' 2>/dev/null),$(notdir $(KDIR:%/build=%)))
devdir = $(DESTDIR)$(srcdir)/gcheap-$(VERSION)
modinst = $(MAKE) -C $(KDIR) M=$(MDIR) $(if $(DESTDIR),INSTALL_MOD_PATH='$(DESTDIR)') \
	INSTALL_MOD_DIR=$(INSTALL_MOD_DIR) modules_install
# Packages leave this to their scripts. Kbuild does it only in a kernel's own tree.
depmod = $(if $(DESTDIR),,PATH="$$PATH:/sbin:/usr/sbin" depmod -a $(RELEASE))

# Given to the check only if it was chosen: make itself has a default.
CHOSEN_CC := $(if $(filter command line environment,$(origin CC)),$(CC))

# Kernels with type information want pahole for that of a module, which works
# as well without.
NO_BTF := $(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)

.PHONY: help demo check fuzz check-long check-races coverage bench bench-compare \
	bench-page modules gcctl install install-tests uninstall style model clean kdir

help:
	@echo 'demo      replay two recorded heaps on all engines in a guest'
	@echo 'check     build everything and run the tests in guests; TESTS="a b" selects'
	@echo '          tests; KERNELS="6.12 7.2" selects guests, see'
	@echo '          selftests/vm/run --help (default: 6.1 and uml-debug, and a few'
	@echo '          tests in others)'
	@echo 'check-long'
	@echo '          run the long form of the tests in twelve guests; TESTS= and'
	@echo '          KERNELS= as above'
	@echo 'check-races'
	@echo '          detect data races in the modules (kcsan); TESTS= as above'
	@echo 'coverage  run the tests and report line and branch coverage; TESTS= as above'
	@echo 'bench     run the benchmarks in a guest; BENCH="a b" selects some; REPS=5,'
	@echo '          CPUS=2, SCALE=100'
	@echo 'bench-compare A.json B.json'
	@echo '          print the changes between two results of bench'
	@echo 'bench-page'
	@echo '          make the tables and the chart of performance.rst from the result'
	@echo '          RESULT=file.json (default: the one in the tree)'
	@echo 'modules   build gcheap.ko and gcheap_load.ko for KDIR'
	@echo 'gcctl     build the tool'
	@echo 'install   install modules, tool, headers and specifications;'
	@echo '          PREFIX=/usr/local for the tool; DESTDIR= for packaging'
	@echo 'install-tests'
	@echo '          install the modules of tests, samples and benchmarks too'
	@echo 'uninstall remove the installed files for KDIR'
	@echo 'fuzz      fuzz the parsers of gcctl, SECONDS=60 each'
	@echo 'style     run the style and static checks'
	@echo 'model     check the model of the phase protocol'
	@echo 'clean     remove build output'
	@echo 'help      print this help'
	@echo
	@echo 'KDIR=$(KDIR)'
	@echo 'Targets that use guests or checks install missing packages. Their downloads'
	@echo 'and builds go to $${GCHEAP_CACHE:-~/.cache/gcheap}, not into this directory.'

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

bench-page:
	@selftests/bench/page $(if $(RESULT),'$(RESULT)')

kdir:
	@$(VM)/kdir '$(KDIR)' '$(CHOSEN_CC)'

modules: kdir
	$(MAKE) -C $(KDIR) M=$(MDIR) $(NO_BTF) GCHEAP_TESTS=n modules

gcctl:
	$(MAKE) -C uctl

# The headers of kernel code, for clients and for engines; those of user land.
API := $(patsubst kmod/include/%,%,$(wildcard kmod/include/gcheap/*.h)) \
	uapi/linux/gcheap.h
UAPI := gcheap.h gcheap_load.h
SPECS := gcheap.yaml gcheap_load.yaml
MODULES := gcheap gcheap_load gcheap_selftest gcheap_client gcheap_bench gcheap_epsilon \
	gcheap_list gcheap_kunit

install: modules gcctl
	$(modinst) GCHEAP_TESTS=n
	$(depmod)
	$(MAKE) -C uctl DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' install
	$(foreach h,$(API),$(INSTALL) -D -m 644 kmod/include/$(h) '$(devdir)/include/$(h)' &&) :
	$(INSTALL) -D -m 644 $(MDIR)/Module.symvers '$(devdir)/$(RELEASE)/Module.symvers'
	$(foreach h,$(UAPI),$(INSTALL) -D -m 644 kmod/include/uapi/linux/$(h) \
		'$(DESTDIR)$(includedir)/linux/$(h)' &&) :
	$(foreach s,$(SPECS),$(INSTALL) -D -m 644 Documentation/netlink/specs/$(s) \
		'$(DESTDIR)$(specdir)/$(s)' &&) :

install-tests: kdir
	$(MAKE) -C $(KDIR) M=$(MDIR) $(NO_BTF) modules
	$(modinst)
	$(depmod)

# Folders that others may use stay.
uninstall:
	$(foreach m,$(MODULES),rm -f \
		'$(DESTDIR)/lib/modules/$(RELEASE)/$(INSTALL_MOD_DIR)/$(m).ko'* &&) :
	$(depmod)
	$(MAKE) -C uctl DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' uninstall
	rm -rf '$(devdir)'
	$(foreach h,$(UAPI),rm -f '$(DESTDIR)$(includedir)/linux/$(h)' &&) :
	$(foreach s,$(SPECS),rm -f '$(DESTDIR)$(specdir)/$(s)' &&) :

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
