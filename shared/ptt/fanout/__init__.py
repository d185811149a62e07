"""How voice goes from its one talker to many: in how large packets, and when they leave."""
