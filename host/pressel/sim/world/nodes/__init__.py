"""What takes part: badges, hosts and old phones, each around its engine."""
