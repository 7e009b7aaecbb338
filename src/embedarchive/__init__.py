"""Find every social post an article embeds, capture what a reader saw, keep it in one SQLite file."""

__version__ = "0.1.0"
