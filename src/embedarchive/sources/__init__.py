"""Whatever a user points at (addresses, lists, saved pages, web archives, sites) turned into articles."""

from embedarchive.sources.seed import Seed
from embedarchive.sources.seeds import expand_seeds

__all__ = ["Seed", "expand_seeds"]
