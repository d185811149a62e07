"""The simulated venue: engines, network and people under one virtual clock and one seed.

Pure Python 3.9 and its standard library only, since it also runs on PyPy, several times faster.
"""
