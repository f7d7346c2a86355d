// Limits what is read of the storage of a visit's pages when the visit ends.
// World: Firefox's parent process, privileged.
"use strict";

const StorageLimits = {
  MS: 3000, // for all storage of a visit
  DATABASE_MS: 1000, // for one database: a page may be changing its version, or be busy with its stores
  ORIGINS: 500, // with their partitions
  ITEMS: 10_000,
  CHARS: 4 * 2 ** 20, // of all values together
  VALUE: 2 ** 16, // characters of a value: an identifier has some tens
  NAME: 4096, // characters of a key, or of the name of a database, store or cache
  // Bytes on disk of an origin's databases. Firefox has compressed them, up to twenty times. Above, the values of their
  // records are not read, only the keys: they would take the parent process more memory and time than a visit may cost.
  DATABASE_BYTES: 8 * 2 ** 20,
  FILES: 1000, // whose sizes are added up; an origin with more counts as one above the limit
};
