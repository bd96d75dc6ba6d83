"""What is left of a file: the versions of a project's profile, and their pages."""
