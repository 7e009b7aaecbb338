"""The public face for Python, imported from `embedarchive` itself: the commands as functions, and an archive to ask from.

`commands.py` writes to archives, `library.py` reads them; whoever uses one does not pay for what the other imports.
"""
