"""Demos in virtual time: what each phase of the project promises, shown to a person. A show says
what happens as it happens, and ends in a verdict by the simulator's checkers and measures.
"""
