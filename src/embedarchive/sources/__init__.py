"""Whatever a user points at (addresses, lists, saved pages, web archives, sites) turned into articles."""

from embedarchive.sources.article_url import canonicalize_article
from embedarchive.sources.links import LinkScope, find_links
from embedarchive.sources.listing import Entry, Listing, find_listing
from embedarchive.sources.seed import Seed
from embedarchive.sources.seeds import expand_seeds
from embedarchive.sources.walk import Step, find_articles, walk

__all__ = [
    "Entry",
    "LinkScope",
    "Listing",
    "Seed",
    "Step",
    "canonicalize_article",
    "expand_seeds",
    "find_articles",
    "find_links",
    "find_listing",
    "walk",
]
