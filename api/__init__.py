"""The HTTP doors: read a request, call one room, shape the answer."""
