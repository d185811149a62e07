"""What is wrong with this computer as a leader box, and how to mend it.

`checks` has a function for each thing that may be wrong; it asks the system, and changes nothing.
"""
