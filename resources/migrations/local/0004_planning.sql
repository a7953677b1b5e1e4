-- Work placed by a plan version: what the board draws. Derived from planVersion.items when the fact arrives.
CREATE TABLE planItem (
  planId TEXT NOT NULL,
  taskKey TEXT NOT NULL,
  kind TEXT NOT NULL,
  lanes TEXT NOT NULL,
  startMs INTEGER NOT NULL,
  endMs INTEGER NOT NULL,
  setupMin INTEGER NOT NULL,
  sessionId TEXT,
  orderId TEXT,
  lateMin INTEGER NOT NULL,
  slackMin INTEGER,
  PRIMARY KEY (planId, taskKey)
) STRICT, WITHOUT ROWID;
CREATE INDEX planItem_time ON planItem (planId, startMs);

-- Proposals stay on this device until somebody publishes one.
CREATE TABLE proposal (
  id TEXT PRIMARY KEY,
  createdMs INTEGER NOT NULL,
  authorId TEXT,
  reason TEXT NOT NULL,
  seed INTEGER NOT NULL,
  basePlanId TEXT,
  horizonFromMs INTEGER NOT NULL,
  horizonToMs INTEGER NOT NULL,
  problemHash TEXT NOT NULL,
  problem TEXT NOT NULL,
  plan TEXT NOT NULL,
  items TEXT NOT NULL,
  score TEXT NOT NULL,
  baseScore TEXT,
  moved TEXT NOT NULL,
  late TEXT NOT NULL,
  unplanned TEXT NOT NULL,
  publishedAs TEXT
) STRICT;
CREATE INDEX proposal_created ON proposal (createdMs);
