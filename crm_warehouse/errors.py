"""The error types users are meant to read."""


class WarehouseError(Exception):
    """A problem the operator can act on.

    The message names the source, table, column and rows where they apply, and ends with what to do. The
    command line prints it without a traceback; nothing downstream of it runs. It never carries personal data.
    """


class TransientError(WarehouseError):
    """A problem that may be gone when the same is tried again: a busy lock, a disk that was full or slow.

    Only these are retried; a refusal by a gate or a proof is final for its build.
    """
