"""How bin/demo, bin/test and bin/manage set a machine up: Python, packages, PostgreSQL, variables, processes.

Standard library only, because it runs before anything is installed.
"""
