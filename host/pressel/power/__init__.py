"""How long a cell lasts: published currents, a policy and a shift, hour by hour."""
