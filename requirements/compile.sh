#!/bin/sh
# Writes requirements/lock.txt from pyproject.toml: every version pinned, every file hashed, no URL.
# usage: requirements/compile.sh [--upgrade]     (needs pip-tools)
set -eu
cd "$(dirname "$0")/.."
pip-compile "$@" --quiet --generate-hashes --strip-extras --allow-unsafe --extra dev \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
  --output-file requirements/lock.txt pyproject.toml
