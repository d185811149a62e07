"""The same scenarios in real time: a leader process, real sockets, and crowds of participants."""
