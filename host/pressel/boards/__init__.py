"""The boards that Pressel runs on, read from the facts in boards/<id>/board.toml."""
