"""Updates over the air: the manifest, the badge that pulls, the leader that hands out."""
