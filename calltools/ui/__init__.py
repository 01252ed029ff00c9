"""The page in the browser: the work of the command line, step by step, on this machine and for one visitor.

Each step is a plain form. What a step does is done by the rooms below; here are the server, its doors, and the pages.
"""
