-- Imports. The rows of a file wait in a file of their own (imports/<store>-<import>.db) until they are committed.
CREATE TABLE importFile (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL
    CHECK (status IN ('reading', 'ready', 'committing', 'committed', 'undoing', 'undone', 'cancelled', 'failed')),
  fileName TEXT NOT NULL,
  fileHash TEXT NOT NULL DEFAULT '',
  format TEXT,
  source TEXT NOT NULL DEFAULT '',
  encoding TEXT NOT NULL DEFAULT '',
  baseId TEXT,
  personId TEXT,
  asOfMs INTEGER,
  firstOrderMs INTEGER,
  lastOrderMs INTEGER,
  "rows" INTEGER NOT NULL DEFAULT 0,
  counts TEXT NOT NULL DEFAULT '{}',
  warnings INTEGER NOT NULL DEFAULT 0,
  payableFen INTEGER NOT NULL DEFAULT 0,
  paidFen INTEGER NOT NULL DEFAULT 0,
  refundFen INTEGER NOT NULL DEFAULT 0,
  units INTEGER NOT NULL DEFAULT 0,
  createdMs INTEGER NOT NULL,
  committedMs INTEGER,
  -- The journal of a commit or an undo: rows up to this one are done, written with the slice that did them.
  doneThrough INTEGER NOT NULL DEFAULT 0,
  -- Why it failed: {code, details}.
  error TEXT
) STRICT;
CREATE INDEX importFile_createdMs ON importFile (createdMs, id);
CREATE INDEX importFile_fileHash ON importFile (fileHash);

-- What a commit wrote for each order line, so that it can be taken back.
CREATE TABLE importLine (
  importId TEXT NOT NULL,
  n INTEGER NOT NULL,
  orderLineId TEXT NOT NULL,
  -- The orderState written, and the one it followed; no earlier one: the import brought the line.
  stateId TEXT NOT NULL,
  previousStateId TEXT,
  PRIMARY KEY (importId, n)
) STRICT, WITHOUT ROWID;

-- The newest word on every order line: highest asOfMs, then highest id.
CREATE TABLE orderNow (
  orderLineId TEXT PRIMARY KEY,
  stateId TEXT,
  asOfMs INTEGER NOT NULL,
  status TEXT NOT NULL,
  afterSale TEXT NOT NULL,
  refundFen INTEGER NOT NULL,
  pickedUpMs INTEGER,
  clickedShipMs INTEGER,
  completedMs INTEGER,
  cancelReason TEXT NOT NULL,
  -- 1: paid, not shipped, not closed or refunded
  isOpen INTEGER NOT NULL,
  skuId TEXT,
  skuCode TEXT NOT NULL,
  source TEXT NOT NULL,
  scope TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  isGift INTEGER NOT NULL,
  orderedMs INTEGER NOT NULL,
  paidMs INTEGER NOT NULL,
  dueMs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX orderNow_open ON orderNow (skuId, dueMs, quantity) WHERE isOpen = 1;
CREATE INDEX orderNow_paid ON orderNow (paidMs, skuId, quantity, isGift, status, scope);
CREATE INDEX orderNow_ordered ON orderNow (orderedMs, orderLineId);
CREATE INDEX orderNow_code ON orderNow (source, skuCode);
