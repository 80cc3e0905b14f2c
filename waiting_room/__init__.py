"""The waiting room: who may come in, in what order."""
