"""Wi-Fi as the simulator needs it: what a frame costs, who shares the channel, who hears it.

Standard library only and no newer Python than 3.9, since the simulator also runs on PyPy.
"""
