"""The one error type users are meant to read."""


class WarehouseError(Exception):
    """A problem the operator can act on.

    The message names the source, table, column and rows where they apply, and ends with what to do. The
    command line prints it without a traceback; nothing downstream of it runs. It never carries personal data.
    """
