"""What proves to many at once who said something: keys that are told when it is too late to use
them (TESLA, RFC 4082)."""
