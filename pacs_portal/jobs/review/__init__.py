"""What will happen to the files of an upload, shown before anything starts."""
