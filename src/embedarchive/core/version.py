"""The version of this package: what its build, its archives and its requests name. Pure."""

__version__ = "0.1.0"
