"""Whether a version may go on to more venues: counted from the logs of those that have it."""
