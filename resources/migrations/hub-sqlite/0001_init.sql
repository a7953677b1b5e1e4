-- A belt is the unit of everything: no row of one belt refers to another's.
CREATE TABLE belt (
  belt TEXT NOT NULL PRIMARY KEY,
  rootKey TEXT NOT NULL,
  term INTEGER NOT NULL,
  -- Locked first by every writing transaction, so that hub sequences become visible in order.
  epoch INTEGER NOT NULL,
  nextSeq INTEGER NOT NULL,
  nextFence INTEGER NOT NULL,
  lastTimeMs INTEGER NOT NULL,
  backupWatermark INTEGER NOT NULL,
  -- While set, claims wait: devices are giving back what a restored hub has lost.
  recoveringUntilMs INTEGER,
  createdMs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where each epoch began: a cursor of an older epoch is cut back to this.
CREATE TABLE epochStart (
  belt TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  fromSeq INTEGER NOT NULL,
  startedMs INTEGER NOT NULL,
  PRIMARY KEY (belt, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  publicKey TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  baseId TEXT,
  -- active, revoked
  status TEXT NOT NULL,
  certificate TEXT NOT NULL,
  validUntilMs INTEGER NOT NULL,
  -- The device's earlier incarnation, when it had to take a new identity.
  previousAuthor TEXT,
  -- Streams and seqs up to which this device's ops were written as the belt's arbiter: {"stream": seq}.
  arbiterUpTo TEXT NOT NULL DEFAULT '{}',
  lastCounter INTEGER NOT NULL DEFAULT 0,
  recentCounters TEXT NOT NULL DEFAULT '[]',
  lastSeenMs INTEGER NOT NULL,
  pulledSeq INTEGER NOT NULL DEFAULT 0,
  revokedMs INTEGER,
  -- The epoch in which this device has given back all that a restored hub had lost.
  refilledEpoch INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (belt, author)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolCode (
  codeHash TEXT NOT NULL PRIMARY KEY,
  -- Null founds a belt that is not on this hub yet.
  belt TEXT,
  role TEXT NOT NULL,
  baseId TEXT,
  expiresMs INTEGER NOT NULL,
  usedMs INTEGER,
  usedBy TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
  belt TEXT NOT NULL,
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  scope TEXT NOT NULL,
  lane TEXT NOT NULL,
  seq INTEGER NOT NULL,
  head BLOB NOT NULL,
  stampMs INTEGER NOT NULL,
  stampCtr INTEGER NOT NULL,
  PRIMARY KEY (belt, author, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE op (
  belt TEXT NOT NULL,
  hubSeq INTEGER NOT NULL,
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  scope TEXT NOT NULL,
  lane TEXT NOT NULL,
  -- 0 applied, 1 rejected, 2 quarantined
  state INTEGER NOT NULL,
  reason TEXT,
  stampMs INTEGER NOT NULL,
  stampCtr INTEGER NOT NULL,
  hash BLOB NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (belt, hubSeq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX op_identity ON op (belt, author, stream, seq);
CREATE INDEX op_scope ON op (belt, scope, hubSeq) WHERE state = 0;
CREATE INDEX op_held ON op (belt, state) WHERE state <> 0;

-- Register groups that decisions and rights depend on.
CREATE TABLE cell (
  belt TEXT NOT NULL,
  tbl TEXT NOT NULL,
  row TEXT NOT NULL,
  grp TEXT NOT NULL,
  stampMs INTEGER NOT NULL,
  stampCtr INTEGER NOT NULL,
  stampBy TEXT NOT NULL,
  fields TEXT NOT NULL,
  PRIMARY KEY (belt, tbl, row, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE booking (
  belt TEXT NOT NULL,
  bookingId TEXT NOT NULL,
  hubSeq INTEGER NOT NULL,
  fields TEXT NOT NULL,
  -- waiting, granted, refused, released, expired, revoked
  outcome TEXT NOT NULL,
  sinceMs INTEGER NOT NULL,
  expiresMs INTEGER,
  PRIMARY KEY (belt, bookingId)
) STRICT, WITHOUT ROWID;
CREATE INDEX booking_waiting ON booking (belt, hubSeq) WHERE outcome = 'waiting';

CREATE TABLE liveGrant (
  belt TEXT NOT NULL,
  grantId TEXT NOT NULL,
  bookingId TEXT NOT NULL,
  resourceKey TEXT NOT NULL,
  unit INTEGER NOT NULL,
  startMs INTEGER NOT NULL,
  endMs INTEGER NOT NULL CHECK (endMs > startMs),
  fence INTEGER NOT NULL,
  PRIMARY KEY (belt, grantId),
  UNIQUE (belt, fence)
) STRICT, WITHOUT ROWID;
CREATE INDEX liveGrant_resource ON liveGrant (belt, resourceKey, unit, startMs);
CREATE INDEX liveGrant_booking ON liveGrant (belt, bookingId);
CREATE TRIGGER liveGrant_exclusive BEFORE INSERT ON liveGrant BEGIN
  SELECT RAISE(ABORT, 'grant overlaps') WHERE EXISTS (
    SELECT 1 FROM liveGrant
    WHERE belt = NEW.belt AND resourceKey = NEW.resourceKey AND unit = NEW.unit
      AND startMs < NEW.endMs AND endMs > NEW.startMs
  );
END;
CREATE TRIGGER liveGrant_moved BEFORE UPDATE ON liveGrant BEGIN
  SELECT RAISE(ABORT, 'grants are not edited');
END;
