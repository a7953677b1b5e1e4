-- What arrived of a request body before its connection broke: the device goes on from there.
CREATE TABLE upload (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  -- SHA-256 of the whole body, base64url.
  id TEXT NOT NULL,
  size INTEGER NOT NULL,
  body BLOB NOT NULL,
  atMs INTEGER NOT NULL,
  PRIMARY KEY (belt, author, id)
) STRICT;
CREATE INDEX upload_age ON upload (atMs);
