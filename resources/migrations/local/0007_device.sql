-- Chain hashes of own steps that no batch has frozen yet, written when the log is checked: later changes to them show.
CREATE TABLE sealedOp (
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (author, stream, seq)
) STRICT, WITHOUT ROWID;

-- The device's signed word on how far each own stream was sound.
CREATE TABLE auditSeal (
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  head BLOB NOT NULL,
  publicKey TEXT NOT NULL,
  signature TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  PRIMARY KEY (author, stream)
) STRICT, WITHOUT ROWID;

-- Checks of the log, newest last; the streams of the last one are kept as JSON.
CREATE TABLE auditRun (
  id INTEGER PRIMARY KEY,
  atMs INTEGER NOT NULL,
  personId TEXT,
  ops INTEGER NOT NULL,
  broken INTEGER NOT NULL,
  streams TEXT NOT NULL
) STRICT;
