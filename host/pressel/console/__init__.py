"""The console: pages about a venue for a browser, in a process of its own beside a host."""
