"""The life of one burst across machines, from what hosts and badges say of it."""
