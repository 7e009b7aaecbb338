#!/bin/sh
# Writes requirements/lock.txt from pyproject.toml: every version pinned, every file hashed, no URL.
# usage: requirements/compile.sh [--upgrade]     (needs pip-tools; on any machine but Linux on ARM)
set -eu
cd "$(dirname "$0")/.."
pip-compile "$@" --quiet --generate-hashes --strip-extras --allow-unsafe --extra dev \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
  --output-file requirements/lock.txt pyproject.toml
# Linux on ARM has wheels of an older Hyperscan only; building it takes a C++ toolchain.
sed 's/^\(hyperscan==[0-9.]*\) \\/\1 ; sys_platform != "linux" or platform_machine != "aarch64" \\/' requirements/lock.txt |
  cat - requirements/arm.txt > requirements/lock.new
mv requirements/lock.new requirements/lock.txt
