"""Runs on several boxes, through a scheduler of Dask: who may take part, who gives runs out, who
lends a box, and who asks for runs."""
