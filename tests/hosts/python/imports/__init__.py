"""What a plugin imports: a file an interface."""
