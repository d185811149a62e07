"""Reports that are made from recorded runs of the simulator."""
