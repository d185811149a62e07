"""`make deb`: what a leader box needs as a package of Debian's, made by its own dpkg-deb.

The package has the wheel with its extra `console`, and all that it needs, in /opt/pressel, on the
Python of the Debian on which it is made. `scripts` are what Debian runs when it is put in,
upgraded, removed and purged.
"""
