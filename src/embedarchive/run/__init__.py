"""One command as a run over an archive: what is due, what to do about it, what to keep of it."""
