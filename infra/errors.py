"""What stops setting up or running, told in one line that says what to do."""


class InfraError(Exception):
    """Base of all errors here; its text is shown to the person without a traceback."""


class NetworkError(InfraError):
    """Something had to be fetched and could not be."""


class PackageError(InfraError):
    """A system package is missing and could not be installed."""


class FitError(InfraError):
    """The published viewer is not the one that the fit was written for."""


class ServiceError(InfraError):
    """A service did not start or kept dying."""


class BusyError(InfraError):
    """A port or a data folder is taken by another process."""
