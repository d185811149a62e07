"""What lies between the nodes: the wire, the air, and what is lost on the way."""
