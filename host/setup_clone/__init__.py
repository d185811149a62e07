"""The set-up of a fresh clone, on nothing but the standard library; `host/bootstrap.py` calls it.

It makes `.venv`, installs what requirements.lock names, puts the project on the path with a
`pressel` command, installs the JavaScript side with the npm that came along, tries the optional
PESQ, and compiles the one part in C. It knows nothing of Pressel itself.
"""
