-- A scope that is being taken over from a snapshot; its cursor already stands at the snapshot's sequence.
CREATE TABLE snapshotJob (
  scope TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  manifest TEXT NOT NULL,
  -- 1: what the snapshot does not hold is taken out afterwards, because the log in between is gone.
  sweep INTEGER NOT NULL,
  -- Own ops that the hub did not accept, as told with the manifest.
  held TEXT NOT NULL,
  startedMs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshotDone (scope TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (scope, hash)) STRICT, WITHOUT ROWID;

-- Bytes of chunks that have not arrived whole.
CREATE TABLE snapshotPart (
  scope TEXT NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (scope, hash, at)
) STRICT;

-- Which ops a snapshot holds, while a sweep is ahead.
CREATE TABLE snapshotKept (
  scope TEXT NOT NULL,
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (scope, author, stream, seq)
) STRICT, WITHOUT ROWID;

-- How far others' streams had come and the heads of their chains, as the hub signed it.
CREATE TABLE streamHead (
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  head TEXT NOT NULL,
  PRIMARY KEY (author, stream)
) STRICT, WITHOUT ROWID;
