"""The command line and the processes: the only place where all rooms meet."""
