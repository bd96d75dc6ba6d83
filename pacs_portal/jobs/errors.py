"""What can go wrong with jobs."""


class JobError(Exception):
    """A job operation that cannot be done; its text is for people."""


class LeaseLostError(JobError):
    """Another worker owns the part now; whoever sees this must not write anything."""
