"""What can go wrong with jobs."""


class JobError(Exception):
    """A job operation that cannot be done; its text is for people."""


class BusyError(JobError):
    """The portal has too much to do at this moment; asking again helps."""


class LeaseLostError(JobError):
    """Another worker owns the part now; whoever sees this must not write anything."""
