-- Where this database lives and which transaction said so. A dump carries the text along but not what it speaks of: in a database
-- that was put back or moved they do not agree, and the hub begins a new epoch.
CREATE TABLE place (
  one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  mark TEXT NOT NULL,
  "writtenBy" TEXT NOT NULL,
  "atMs" BIGINT NOT NULL
);
