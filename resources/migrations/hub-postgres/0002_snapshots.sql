-- Everything of a view up to a hub sequence, for devices that begin or that have fallen behind the log.
CREATE TABLE snapshot (
  belt TEXT NOT NULL,
  -- A scope as most devices read it, or a filtered one; and how its chunks are compressed.
  view TEXT NOT NULL,
  coding TEXT NOT NULL,
  seq BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  day TEXT NOT NULL,
  "madeMs" BIGINT NOT NULL,
  manifest TEXT NOT NULL,
  -- Chunks of facts, oldest first: [hash, bytes, ops][]; the next snapshot takes the full ones over.
  facts TEXT NOT NULL,
  PRIMARY KEY (belt, view, coding, seq)
);

CREATE TABLE "snapshotChunk" (
  belt TEXT NOT NULL,
  hash TEXT NOT NULL,
  bytes BYTEA NOT NULL,
  PRIMARY KEY (belt, hash)
);

-- Accepted ops up to here are only in snapshots; cursors below have to begin again.
CREATE TABLE truncation (
  belt TEXT NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL,
  "atMs" BIGINT NOT NULL
);

-- Where the chain of a stream goes on after the ops that were truncated.
CREATE TABLE "truncatedStream" (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  stream BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  head BYTEA NOT NULL,
  PRIMARY KEY (belt, author, stream)
);
