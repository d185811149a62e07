"""The desk: what may be asked of a host, by whom, and who answers it. The control socket is one of
its faces; the console and metrics will be others.

To add a verb:

1. Write what it does as a method or function that takes the request's fields (plain JSON values)
   and returns plain JSON values. It raises a `PresselError` with one sentence for what the asker
   can mend. What needs the disk is marked `in_thread`: voice must not wait for it.
2. Give it a `Verb` in the table of the file here that is about its subject. The table of a new
   file is added to the `Desk` in `pressel.node.host`.
3. Say whether it `writes`, and its `place`: HERE is about this host, LEADER is answered by the host
   that leads (the desk forwards it there), COPY is read at the leader or, when none is reachable,
   from this host's own copy.
4. Name in `shown` those fields that may stand in the log beside who asked. Keys and codes never.

A command asks with `pressel.node.control.ask(path, "verb", field=value)`. What can be done without
a running host, too, goes through `pressel.node.door`.
"""
