"""The HTTP service: predictions, neighbours and batch jobs for other programs.

`door` says who is let in, `app` what can be asked, `asked` and `answering` how; `line` holds the
processes that answer calls, `jobs` and `carrying_out` what is predicted of uploaded tables.
"""
