"""A Slurm cluster: how it is described, asked, checked, and given commands to carry out.

It knows nothing of runs. Commands go through submitit, which pickles what it submits into a folder
of the workspace: that is a command's words, and nothing here reads such a file.
"""
