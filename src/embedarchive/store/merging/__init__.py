"""Another archive -> its rows in this one: a union by natural keys, batch by batch, each of which leaves the archive whole.

What was observed is united, what is derived is made anew (`run/deriving.py`), and first of all the stricter wins.
"""
