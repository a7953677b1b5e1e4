-- Ids that own ops had before this device took a new identity, because its store had been copied or restored.
CREATE TABLE renamed (
  old TEXT PRIMARY KEY,
  new TEXT NOT NULL
) STRICT, WITHOUT ROWID;
