-- Work that an administrator did not let in, told to whoever did it.
CREATE TABLE stepRefusal (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  step TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
