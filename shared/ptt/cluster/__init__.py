"""Which host leads, and how standbys keep its state: election, journal and replica."""
