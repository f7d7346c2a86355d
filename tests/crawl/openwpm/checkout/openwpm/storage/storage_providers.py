"""The bases of OpenWPM's storage providers."""

from abc import ABC, abstractmethod

TableName = str


class StorageProvider(ABC):
    """What both kinds have."""

    @abstractmethod
    async def init(self):
        """Called once, in the storage controller's process."""

    @abstractmethod
    async def flush_cache(self):
        """Write what waits."""

    @abstractmethod
    async def shutdown(self):
        """Close."""


class StructuredStorageProvider(StorageProvider):
    """Takes records."""

    def __init__(self):
        super().__init__()

    @abstractmethod
    async def store_record(self, table, visit_id, record):
        """Take one record."""

    @abstractmethod
    async def finalize_visit_id(self, visit_id, interrupted=False):
        """No more records of a visit come."""


class UnstructuredStorageProvider(StorageProvider):
    """Takes bodies."""

    @abstractmethod
    async def store_blob(self, filename, blob, overwrite=False):
        """Take one body."""
