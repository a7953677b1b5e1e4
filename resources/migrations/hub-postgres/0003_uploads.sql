-- What arrived of a request body before its connection broke: the device goes on from there.
CREATE TABLE upload (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  -- SHA-256 of the whole body, base64url.
  id TEXT NOT NULL,
  size BIGINT NOT NULL,
  body BYTEA NOT NULL,
  "atMs" BIGINT NOT NULL,
  PRIMARY KEY (belt, author, id)
);
CREATE INDEX "upload_age" ON upload ("atMs");
