CREATE EXTENSION IF NOT EXISTS btree_gist;

-- A belt is the unit of everything: no row of one belt refers to another's.
CREATE TABLE belt (
  belt TEXT NOT NULL PRIMARY KEY,
  "rootKey" TEXT NOT NULL,
  term BIGINT NOT NULL,
  -- Locked first by every writing transaction, so that hub sequences become visible in order.
  epoch BIGINT NOT NULL,
  "nextSeq" BIGINT NOT NULL,
  "nextFence" BIGINT NOT NULL,
  "lastTimeMs" BIGINT NOT NULL,
  "backupWatermark" BIGINT NOT NULL,
  -- While set, claims wait: devices are giving back what a restored hub has lost.
  "recoveringUntilMs" BIGINT,
  "createdMs" BIGINT NOT NULL
);

-- Where each epoch began: a cursor of an older epoch is cut back to this.
CREATE TABLE "epochStart" (
  belt TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  "fromSeq" BIGINT NOT NULL,
  "startedMs" BIGINT NOT NULL,
  PRIMARY KEY (belt, epoch)
);

CREATE TABLE device (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  "publicKey" TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  "baseId" TEXT,
  -- active, revoked
  status TEXT NOT NULL,
  certificate TEXT NOT NULL,
  "validUntilMs" BIGINT NOT NULL,
  -- The device's earlier incarnation, when it had to take a new identity.
  "previousAuthor" TEXT,
  -- Streams and seqs up to which this device's ops were written as the belt's arbiter: {"stream": seq}.
  "arbiterUpTo" TEXT NOT NULL DEFAULT '{}',
  "lastCounter" BIGINT NOT NULL DEFAULT 0,
  "recentCounters" TEXT NOT NULL DEFAULT '[]',
  "lastSeenMs" BIGINT NOT NULL,
  "pulledSeq" BIGINT NOT NULL DEFAULT 0,
  "revokedMs" BIGINT,
  -- The epoch in which this device has given back all that a restored hub had lost.
  "refilledEpoch" BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (belt, author)
);

CREATE TABLE "enrolCode" (
  "codeHash" TEXT NOT NULL PRIMARY KEY,
  -- Null founds a belt that is not on this hub yet.
  belt TEXT,
  role TEXT NOT NULL,
  "baseId" TEXT,
  "expiresMs" BIGINT NOT NULL,
  "usedMs" BIGINT,
  "usedBy" TEXT
);

CREATE TABLE stream (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  stream BIGINT NOT NULL,
  scope TEXT NOT NULL,
  lane TEXT NOT NULL,
  seq BIGINT NOT NULL,
  head BYTEA NOT NULL,
  "stampMs" BIGINT NOT NULL,
  "stampCtr" BIGINT NOT NULL,
  PRIMARY KEY (belt, author, stream)
);

CREATE TABLE op (
  belt TEXT NOT NULL,
  "hubSeq" BIGINT NOT NULL,
  author TEXT NOT NULL,
  stream BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  scope TEXT NOT NULL,
  lane TEXT NOT NULL,
  -- 0 applied, 1 rejected, 2 quarantined
  state BIGINT NOT NULL,
  reason TEXT,
  "stampMs" BIGINT NOT NULL,
  "stampCtr" BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  payload BYTEA NOT NULL,
  PRIMARY KEY (belt, "hubSeq")
);
CREATE UNIQUE INDEX "op_identity" ON op (belt, author, stream, seq);
CREATE INDEX "op_scope" ON op (belt, scope, "hubSeq") WHERE state = 0;
CREATE INDEX "op_held" ON op (belt, state) WHERE state <> 0;

-- Register groups that decisions and rights depend on.
CREATE TABLE cell (
  belt TEXT NOT NULL,
  tbl TEXT NOT NULL,
  "row" TEXT NOT NULL,
  grp TEXT NOT NULL,
  "stampMs" BIGINT NOT NULL,
  "stampCtr" BIGINT NOT NULL,
  "stampBy" TEXT NOT NULL,
  fields TEXT NOT NULL,
  PRIMARY KEY (belt, tbl, "row", grp)
);

CREATE TABLE booking (
  belt TEXT NOT NULL,
  "bookingId" TEXT NOT NULL,
  "hubSeq" BIGINT NOT NULL,
  fields TEXT NOT NULL,
  -- waiting, granted, refused, released, expired, revoked
  outcome TEXT NOT NULL,
  "sinceMs" BIGINT NOT NULL,
  "expiresMs" BIGINT,
  PRIMARY KEY (belt, "bookingId")
);
CREATE INDEX "booking_waiting" ON booking (belt, "hubSeq") WHERE outcome = 'waiting';

CREATE TABLE "liveGrant" (
  belt TEXT NOT NULL,
  "grantId" TEXT NOT NULL,
  "bookingId" TEXT NOT NULL,
  "resourceKey" TEXT NOT NULL,
  unit BIGINT NOT NULL,
  "startMs" BIGINT NOT NULL,
  "endMs" BIGINT NOT NULL CHECK ("endMs" > "startMs"),
  fence BIGINT NOT NULL,
  PRIMARY KEY (belt, "grantId"),
  UNIQUE (belt, fence),
  CONSTRAINT "liveGrant_exclusive" EXCLUDE USING gist (
    belt WITH =, "resourceKey" WITH =, unit WITH =, int8range("startMs", "endMs") WITH &&
  )
);
CREATE INDEX "liveGrant_resource" ON "liveGrant" (belt, "resourceKey", unit, "startMs");
CREATE INDEX "liveGrant_booking" ON "liveGrant" (belt, "bookingId");
