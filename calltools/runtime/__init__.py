"""The process itself: start, signals, child processes, threads, memory. Imports nothing of the package."""
