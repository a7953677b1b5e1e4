-- Roll-ups of the belt dashboard. Each is a sum over facts and can be rebuilt from them at any time.
-- Lines without a SKU of their own keep their platform code, so that a code that gets a meaning later is counted right.
CREATE TABLE kpiDaySales (
  baseId TEXT NOT NULL,
  day TEXT NOT NULL,
  merchantId TEXT NOT NULL,
  skuId TEXT NOT NULL,
  source TEXT NOT NULL,
  skuCode TEXT NOT NULL,
  lines INTEGER NOT NULL DEFAULT 0,
  units INTEGER NOT NULL DEFAULT 0,
  orderFen INTEGER NOT NULL DEFAULT 0,
  paidFen INTEGER NOT NULL DEFAULT 0,
  refundFen INTEGER NOT NULL DEFAULT 0,
  refundHourFen INTEGER NOT NULL DEFAULT 0,
  settledFen INTEGER NOT NULL DEFAULT 0,
  settledLines INTEGER NOT NULL DEFAULT 0,
  closedLines INTEGER NOT NULL DEFAULT 0,
  shippedLines INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (day, baseId, merchantId, skuId, source, skuCode)
) STRICT, WITHOUT ROWID;

-- By the natural day on which pick-up is due.
CREATE TABLE kpiDayPromise (
  baseId TEXT NOT NULL,
  day TEXT NOT NULL,
  merchantId TEXT NOT NULL,
  skuId TEXT NOT NULL,
  source TEXT NOT NULL,
  skuCode TEXT NOT NULL,
  promiseHours INTEGER NOT NULL,
  orders INTEGER NOT NULL DEFAULT 0,
  kept INTEGER NOT NULL DEFAULT 0,
  keptByClick INTEGER NOT NULL DEFAULT 0,
  openOrders INTEGER NOT NULL DEFAULT 0,
  openUnits INTEGER NOT NULL DEFAULT 0,
  exposureFen INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (day, baseId, merchantId, skuId, source, skuCode, promiseHours)
) STRICT, WITHOUT ROWID;

-- By the natural day on which the order was signed for.
CREATE TABLE kpiDayReturn (
  baseId TEXT NOT NULL,
  day TEXT NOT NULL,
  merchantId TEXT NOT NULL,
  skuId TEXT NOT NULL,
  source TEXT NOT NULL,
  skuCode TEXT NOT NULL,
  signed INTEGER NOT NULL DEFAULT 0,
  returned INTEGER NOT NULL DEFAULT 0,
  qualityReturned INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (day, baseId, merchantId, skuId, source, skuCode)
) STRICT, WITHOUT ROWID;

-- Open demand of a SKU over all days: what has been paid and not shipped.
CREATE TABLE kpiDemand (
  baseId TEXT NOT NULL,
  skuId TEXT NOT NULL,
  source TEXT NOT NULL,
  skuCode TEXT NOT NULL,
  day TEXT NOT NULL,
  orders INTEGER NOT NULL DEFAULT 0,
  units INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (baseId, skuId, source, skuCode, day)
) STRICT, WITHOUT ROWID;

-- Minutes of a line by kind; a run over midnight is divided, its units count on the day it began.
CREATE TABLE kpiLineDay (
  lineId TEXT NOT NULL,
  day TEXT NOT NULL,
  kind TEXT NOT NULL,
  skuId TEXT NOT NULL,
  baseId TEXT NOT NULL,
  spanMs INTEGER NOT NULL DEFAULT 0,
  runs INTEGER NOT NULL DEFAULT 0,
  goodUnits INTEGER NOT NULL DEFAULT 0,
  scrapUnits INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (day, lineId, kind, skuId, baseId)
) STRICT, WITHOUT ROWID;

-- Time on air by the hour, counted from the midnight of the day a session began (24 is 00:00 of the next day).
CREATE TABLE kpiSessionHour (
  sessionId TEXT NOT NULL,
  day TEXT NOT NULL,
  hour INTEGER NOT NULL,
  studioId TEXT NOT NULL,
  baseId TEXT NOT NULL,
  airMs INTEGER NOT NULL,
  PRIMARY KEY (sessionId, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX kpiSessionHour_day ON kpiSessionHour (day, studioId, hour, airMs);

-- The zone whose days the roll-ups were counted in.
CREATE TABLE kpiZone (only INTEGER PRIMARY KEY CHECK (only = 1), timeZone TEXT NOT NULL) STRICT;

CREATE INDEX orderLine_promised ON orderLine (promisedMs);
CREATE INDEX minuteMetric_minute ON minuteMetric (minuteMs);
CREATE INDEX dropout_start ON dropout (startMs);
-- What was picked up on a day, and what is open by due time.
CREATE INDEX orderNow_picked ON orderNow (coalesce(pickedUpMs, clickedShipMs), scope);
CREATE INDEX orderNow_due ON orderNow (dueMs, scope, skuId, quantity) WHERE isOpen = 1;
CREATE INDEX gateVerdict_time ON gateVerdict (atMs);
CREATE INDEX contentReview_time ON contentReview (atMs);
CREATE INDEX merchantDocument_expires ON merchantDocument (expiresMs);
CREATE INDEX gateVerdict_session ON gateVerdict (sessionId);
