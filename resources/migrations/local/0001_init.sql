-- The op log: every change, own and received, in arrival order.
CREATE TABLE op (
  n INTEGER PRIMARY KEY,
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  scope TEXT NOT NULL,
  lane TEXT NOT NULL,
  kind TEXT NOT NULL,
  tbl TEXT NOT NULL,
  row TEXT NOT NULL,
  fields TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  atCtr INTEGER NOT NULL,
  person TEXT,
  hash BLOB,
  -- local: nowhere to send it; pending: not acknowledged; canonical: accepted by the arbiter; rejected, quarantined: kept for its author
  state TEXT NOT NULL CHECK (state IN ('local', 'pending', 'canonical', 'rejected', 'quarantined')),
  verdict TEXT,
  hubEpoch INTEGER,
  hubSeq INTEGER,
  stampMs INTEGER,
  stampCtr INTEGER
) STRICT;
CREATE UNIQUE INDEX op_identity ON op (author, stream, seq);
CREATE INDEX op_row ON op (tbl, row);
CREATE INDEX op_unsettled ON op (state, scope, lane, stream, seq) WHERE state IN ('local', 'pending', 'rejected', 'quarantined');
CREATE INDEX op_hub ON op (hubEpoch, hubSeq) WHERE hubSeq IS NOT NULL;

-- How many ops are in each state, for the bar at the bottom of every screen.
CREATE TABLE opTally (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
INSERT INTO opTally VALUES ('local', 0), ('pending', 0), ('canonical', 0), ('rejected', 0), ('quarantined', 0);
CREATE TRIGGER op_tally_insert AFTER INSERT ON op BEGIN
  UPDATE opTally SET n = n + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER op_tally_update AFTER UPDATE OF state ON op WHEN OLD.state <> NEW.state BEGIN
  UPDATE opTally SET n = n - 1 WHERE state = OLD.state;
  UPDATE opTally SET n = n + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER op_tally_delete AFTER DELETE ON op BEGIN
  UPDATE opTally SET n = n - 1 WHERE state = OLD.state;
END;

-- A stream is one author's numbered (scope, lane): its next seq, chain head and how far its bytes are frozen.
CREATE TABLE stream (
  author TEXT NOT NULL,
  stream INTEGER NOT NULL,
  scope TEXT NOT NULL,
  lane TEXT NOT NULL,
  nextSeq INTEGER NOT NULL DEFAULT 1,
  head BLOB,
  frozenSeq INTEGER NOT NULL DEFAULT 0,
  ackedSeq INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (author, stream)
) STRICT, WITHOUT ROWID;

-- Which write of a field group stands: the winning canonical stamp, and the own pending write on top of it with what it hides.
CREATE TABLE cell (
  tbl TEXT NOT NULL,
  row TEXT NOT NULL,
  grp TEXT NOT NULL,
  stampMs INTEGER NOT NULL DEFAULT -1,
  stampCtr INTEGER NOT NULL DEFAULT 0,
  stampBy TEXT NOT NULL DEFAULT '',
  pending TEXT,
  hidden TEXT,
  PRIMARY KEY (tbl, row, grp)
) STRICT, WITHOUT ROWID;

-- Two devices may record the same outside fact; the smaller id stands for both.
CREATE TABLE factAlias (tbl TEXT NOT NULL, loser TEXT NOT NULL, winner TEXT NOT NULL, PRIMARY KEY (tbl, loser)) STRICT, WITHOUT ROWID;

-- Exclusive use that stands now. Only an arbiter's inserts are checked against each other; replicas follow the arbiter.
CREATE TABLE liveGrant (
  grantId TEXT PRIMARY KEY,
  bookingId TEXT NOT NULL,
  resourceKey TEXT NOT NULL,
  unit INTEGER NOT NULL,
  startMs INTEGER NOT NULL,
  endMs INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  term INTEGER NOT NULL,
  arbitrated INTEGER NOT NULL DEFAULT 0,
  -- The lease out of which it was given; its own hold lies under it.
  leaseId TEXT
) STRICT;
CREATE INDEX liveGrant_resource ON liveGrant (resourceKey, unit, startMs);
CREATE INDEX liveGrant_booking ON liveGrant (bookingId);
CREATE TRIGGER liveGrant_exclusive BEFORE INSERT ON liveGrant WHEN NEW.arbitrated = 1 BEGIN
  SELECT RAISE(ABORT, 'grant overlaps') WHERE EXISTS (
    SELECT 1 FROM liveGrant
    WHERE resourceKey = NEW.resourceKey AND unit = NEW.unit AND startMs < NEW.endMs AND endMs > NEW.startMs AND bookingId <> NEW.bookingId
      AND bookingId IS NOT NEW.leaseId
  );
END;

-- The standing answer to a booking: the arbiter's latest by (term, time, id).
CREATE TABLE bookingState (
  bookingId TEXT PRIMARY KEY,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  alternatives TEXT NOT NULL,
  heldBy TEXT,
  term INTEGER NOT NULL,
  atMs INTEGER NOT NULL,
  answerId TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Work that met a deletion, a refusal or a quarantine, until a person settles it.
CREATE TABLE conflict (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  tbl TEXT NOT NULL,
  row TEXT NOT NULL,
  opId TEXT NOT NULL UNIQUE,
  details TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  settledMs INTEGER,
  settledHow TEXT
) STRICT;

-- Ops of tables or fields this version does not know, replayed after an upgrade.
CREATE TABLE unknownOp (opN INTEGER PRIMARY KEY, tbl TEXT NOT NULL) STRICT;

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- PINs stay on this device: never ops, never in a snapshot.
CREATE TABLE pinVerifier (
  personId TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, cost INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0, waitUntilMs INTEGER NOT NULL DEFAULT 0, setMs INTEGER NOT NULL
) STRICT;

-- Timers and retries that outlive the process.
CREATE TABLE job (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL, dueMs INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, lastError TEXT
) STRICT;
CREATE INDEX job_due ON job (dueMs);

-- The belt's tables, as described in shared/domain/tables.ts.
CREATE TABLE belt (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  trade TEXT NOT NULL DEFAULT '',
  countyCode TEXT NOT NULL DEFAULT '',
  province TEXT NOT NULL DEFAULT '',
  tier TEXT NOT NULL DEFAULT '',
  timeZone TEXT NOT NULL DEFAULT '',
  isDemo INTEGER NOT NULL DEFAULT 0,
  demoNowMs INTEGER
) STRICT;

CREATE TABLE fairSlotPolicy (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  longTailQuotaPct REAL NOT NULL DEFAULT 0,
  headCapPct REAL NOT NULL DEFAULT 0,
  longTailTopPct REAL NOT NULL DEFAULT 0,
  primeStartMin INTEGER NOT NULL DEFAULT 0,
  primeEndMin INTEGER NOT NULL DEFAULT 0,
  slotToleranceMin INTEGER NOT NULL DEFAULT 0,
  slotDurationPct REAL NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE holidayYear (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  year INTEGER NOT NULL DEFAULT 0,
  holidays TEXT NOT NULL DEFAULT 'null',
  makeUpWorkdays TEXT NOT NULL DEFAULT 'null',
  source TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE factor (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL DEFAULT '',
  key TEXT NOT NULL DEFAULT '',
  value REAL NOT NULL DEFAULT 0,
  unit TEXT NOT NULL DEFAULT '',
  dataYear INTEGER NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE liveBase (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT '',
  networkProfile TEXT NOT NULL DEFAULT '',
  openMin INTEGER NOT NULL DEFAULT 0,
  closeMin INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE person (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT '',
  baseId TEXT,
  active INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE device (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  author TEXT NOT NULL DEFAULT '',
  baseId TEXT
) STRICT;
CREATE INDEX device_author ON device (author);

CREATE TABLE merchant (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  baseId TEXT NOT NULL DEFAULT '',
  sizeClass TEXT NOT NULL DEFAULT '',
  returnRatePct REAL NOT NULL DEFAULT 0,
  creditGrade TEXT NOT NULL DEFAULT '',
  listStatus TEXT NOT NULL DEFAULT '',
  creditReason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX merchant_baseId ON merchant (baseId);

CREATE TABLE creditChange (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  merchantId TEXT NOT NULL DEFAULT '',
  fromGrade TEXT NOT NULL DEFAULT '',
  toGrade TEXT NOT NULL DEFAULT '',
  fromList TEXT NOT NULL DEFAULT '',
  toList TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0,
  appealUntilMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX creditChange_merchantId ON creditChange (merchantId);

CREATE TABLE studio (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  baseId TEXT NOT NULL DEFAULT '',
  areaM2 REAL NOT NULL DEFAULT 0,
  kit TEXT NOT NULL DEFAULT 'null',
  powerKw REAL NOT NULL DEFAULT 0,
  feeFenPerHour INTEGER NOT NULL DEFAULT 0,
  openMin INTEGER NOT NULL DEFAULT 0,
  closeMin INTEGER NOT NULL DEFAULT 0,
  resetMin INTEGER NOT NULL DEFAULT 0,
  makeUpMin INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX studio_baseId ON studio (baseId);

CREATE TABLE equipment (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  baseId TEXT NOT NULL DEFAULT '',
  quantity INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE streamer (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  baseId TEXT,
  identityVerified INTEGER NOT NULL DEFAULT 0,
  birthDate TEXT,
  guardianConsent INTEGER NOT NULL DEFAULT 0,
  firstTrainedMs INTEGER,
  lastTrainedMs INTEGER,
  grade TEXT NOT NULL DEFAULT '',
  families TEXT NOT NULL DEFAULT 'null',
  maxMinPerDay INTEGER NOT NULL DEFAULT 0,
  maxStretchMin INTEGER NOT NULL DEFAULT 0,
  minRestMin INTEGER NOT NULL DEFAULT 0,
  weekly TEXT NOT NULL DEFAULT 'null'
) STRICT;

CREATE TABLE streamerCertificate (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  streamerId TEXT NOT NULL DEFAULT '',
  category TEXT NOT NULL DEFAULT '',
  number TEXT NOT NULL DEFAULT '',
  expiresMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX streamerCertificate_streamerId ON streamerCertificate (streamerId);

CREATE TABLE violation (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  streamerId TEXT NOT NULL DEFAULT '',
  ruleId TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX violation_streamerId_atMs ON violation (streamerId, atMs);

CREATE TABLE factory (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  baseId TEXT NOT NULL DEFAULT '',
  auditGrade TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX factory_baseId ON factory (baseId);

CREATE TABLE productionLine (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  factoryId TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT '',
  unitsPerHour TEXT NOT NULL DEFAULT 'null',
  changeoverMin TEXT NOT NULL DEFAULT 'null',
  initialFamily TEXT,
  shifts TEXT NOT NULL DEFAULT 'null',
  costFenPerHour INTEGER NOT NULL DEFAULT 0,
  kwhPerHour REAL NOT NULL DEFAULT 0,
  downFromMs INTEGER,
  downUntilMs INTEGER,
  downReason TEXT
) STRICT;
CREATE INDEX productionLine_factoryId ON productionLine (factoryId);

CREATE TABLE product (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  shortName TEXT NOT NULL DEFAULT '',
  merchantId TEXT NOT NULL DEFAULT '',
  family TEXT NOT NULL DEFAULT '',
  routing TEXT NOT NULL DEFAULT 'null',
  returnPolicy TEXT NOT NULL DEFAULT '',
  categoryKey TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX product_merchantId ON product (merchantId);

CREATE TABLE sku (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  productId TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '',
  externalId TEXT,
  priceFen INTEGER NOT NULL DEFAULT 0,
  costFen INTEGER NOT NULL DEFAULT 0,
  weightG INTEGER NOT NULL DEFAULT 0,
  packaging TEXT NOT NULL DEFAULT '',
  packagingG INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sku_productId ON sku (productId);
CREATE INDEX sku_code ON sku (code);
CREATE INDEX sku_externalId ON sku (externalId);

CREATE TABLE productionOrder (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  skuId TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT '',
  sessionId TEXT,
  sourceKey TEXT,
  quantity INTEGER NOT NULL DEFAULT 0,
  releaseMs INTEGER NOT NULL DEFAULT 0,
  dueMs INTEGER NOT NULL DEFAULT 0,
  weight INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT '',
  doneQuantity INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX productionOrder_skuId ON productionOrder (skuId);
CREATE INDEX productionOrder_sessionId ON productionOrder (sessionId);
CREATE INDEX productionOrder_sourceKey ON productionOrder (sourceKey);

CREATE TABLE skuAlias (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '',
  skuId TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX skuAlias_source_code ON skuAlias (source, code);
CREATE INDEX skuAlias_skuId ON skuAlias (skuId);

CREATE TABLE stockMove (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  skuId TEXT NOT NULL DEFAULT '',
  quantity INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0,
  sourceKey TEXT
) STRICT;
CREATE INDEX stockMove_skuId_atMs ON stockMove (skuId, atMs);

CREATE TABLE lineRun (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  lineId TEXT NOT NULL DEFAULT '',
  startMs INTEGER NOT NULL DEFAULT 0,
  endMs INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL DEFAULT '',
  skuId TEXT,
  goodUnits INTEGER NOT NULL DEFAULT 0,
  scrapUnits INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX lineRun_lineId_startMs ON lineRun (lineId, startMs);

CREATE TABLE liveSession (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  title TEXT NOT NULL DEFAULT '',
  merchantId TEXT NOT NULL DEFAULT '',
  baseId TEXT NOT NULL DEFAULT '',
  platform TEXT NOT NULL DEFAULT '',
  channel TEXT NOT NULL DEFAULT '',
  earliestMs INTEGER NOT NULL DEFAULT 0,
  latestMs INTEGER NOT NULL DEFAULT 0,
  durationMin INTEGER NOT NULL DEFAULT 0,
  studioIds TEXT NOT NULL DEFAULT 'null',
  streamerIds TEXT NOT NULL DEFAULT 'null',
  primeTime INTEGER NOT NULL DEFAULT 0,
  studioId TEXT,
  streamerIdsPlanned TEXT NOT NULL DEFAULT 'null',
  startMs INTEGER,
  endMs INTEGER,
  shippingPromiseHours INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT '',
  actualStartMs INTEGER,
  actualEndMs INTEGER
) STRICT;
CREATE INDEX liveSession_merchantId ON liveSession (merchantId);
CREATE INDEX liveSession_startMs ON liveSession (startMs);
CREATE INDEX liveSession_baseId_startMs ON liveSession (baseId, startMs);

CREATE TABLE sessionSku (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  sessionId TEXT NOT NULL DEFAULT '',
  skuId TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  lowUnits INTEGER NOT NULL DEFAULT 0,
  likelyUnits INTEGER NOT NULL DEFAULT 0,
  highUnits INTEGER NOT NULL DEFAULT 0,
  cardId TEXT
) STRICT;
CREATE INDEX sessionSku_sessionId ON sessionSku (sessionId);
CREATE INDEX sessionSku_skuId ON sessionSku (skuId);

CREATE TABLE sellingPointCard (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  skuId TEXT NOT NULL DEFAULT '',
  claims TEXT NOT NULL DEFAULT 'null',
  priceFen INTEGER NOT NULL DEFAULT 0,
  script TEXT NOT NULL DEFAULT '',
  promiseHours INTEGER
) STRICT;
CREATE INDEX sellingPointCard_skuId ON sellingPointCard (skuId);

CREATE TABLE merchantDocument (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  merchantId TEXT NOT NULL DEFAULT '',
  skuId TEXT,
  kind TEXT NOT NULL DEFAULT '',
  number TEXT NOT NULL DEFAULT '',
  expiresMs INTEGER,
  evidence TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX merchantDocument_merchantId ON merchantDocument (merchantId);
CREATE INDEX merchantDocument_skuId ON merchantDocument (skuId);

CREATE TABLE contentReview (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  sessionId TEXT NOT NULL DEFAULT '',
  skuListHash TEXT NOT NULL DEFAULT '',
  scriptHash TEXT NOT NULL DEFAULT '',
  verdict TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX contentReview_sessionId ON contentReview (sessionId);

CREATE TABLE checklistMark (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  sessionId TEXT NOT NULL DEFAULT '',
  item TEXT NOT NULL DEFAULT '',
  done INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX checklistMark_sessionId ON checklistMark (sessionId);

CREATE TABLE gateVerdict (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  merchantId TEXT NOT NULL DEFAULT '',
  skuId TEXT,
  sessionId TEXT,
  gate TEXT NOT NULL DEFAULT '',
  verdict TEXT NOT NULL DEFAULT '',
  evidence TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX gateVerdict_merchantId ON gateVerdict (merchantId);
CREATE INDEX gateVerdict_skuId ON gateVerdict (skuId);

CREATE TABLE ruleOverride (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  ruleId TEXT NOT NULL DEFAULT '',
  subjectTable TEXT NOT NULL DEFAULT '',
  subjectId TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE correction (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  sessionId TEXT NOT NULL DEFAULT '',
  said TEXT NOT NULL DEFAULT '',
  corrected TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX correction_sessionId ON correction (sessionId);

CREATE TABLE dropout (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  sessionId TEXT NOT NULL DEFAULT '',
  startMs INTEGER NOT NULL DEFAULT 0,
  endMs INTEGER NOT NULL DEFAULT 0,
  cause TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX dropout_sessionId ON dropout (sessionId);

CREATE TABLE minuteMetric (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  sessionId TEXT NOT NULL DEFAULT '',
  minuteMs INTEGER NOT NULL DEFAULT 0,
  viewers INTEGER NOT NULL DEFAULT 0,
  views INTEGER NOT NULL DEFAULT 0,
  orders INTEGER NOT NULL DEFAULT 0,
  paidFen INTEGER NOT NULL DEFAULT 0,
  comments INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX minuteMetric_sessionId_minuteMs ON minuteMetric (sessionId, minuteMs);

CREATE TABLE danmaku (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  sessionId TEXT NOT NULL DEFAULT '',
  offsetMs INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL DEFAULT '',
  viewerHmac TEXT,
  tag TEXT
) STRICT;
CREATE INDEX danmaku_sessionId_offsetMs ON danmaku (sessionId, offsetMs);

CREATE TABLE booking (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  baseId TEXT NOT NULL DEFAULT '',
  sessionId TEXT,
  merchantId TEXT,
  label TEXT NOT NULL DEFAULT '',
  studioId TEXT NOT NULL DEFAULT '',
  streamerIds TEXT NOT NULL DEFAULT 'null',
  kit TEXT NOT NULL DEFAULT 'null',
  startMs INTEGER NOT NULL DEFAULT 0,
  endMs INTEGER NOT NULL DEFAULT 0,
  beforeMin INTEGER NOT NULL DEFAULT 0,
  afterMin INTEGER NOT NULL DEFAULT 0,
  expiresMs INTEGER,
  leaseId TEXT,
  leaseUnits TEXT NOT NULL DEFAULT 'null'
) STRICT;
CREATE INDEX booking_studioId_startMs ON booking (studioId, startMs);
CREATE INDEX booking_sessionId ON booking (sessionId);
CREATE INDEX booking_leaseId ON booking (leaseId);

CREATE TABLE slotLease (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  baseId TEXT NOT NULL DEFAULT '',
  holder TEXT NOT NULL DEFAULT '',
  studioId TEXT NOT NULL DEFAULT '',
  streamerIds TEXT NOT NULL DEFAULT 'null',
  kit TEXT NOT NULL DEFAULT 'null',
  startMs INTEGER NOT NULL DEFAULT 0,
  endMs INTEGER NOT NULL DEFAULT 0,
  beforeMin INTEGER NOT NULL DEFAULT 0,
  afterMin INTEGER NOT NULL DEFAULT 0,
  untilMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX slotLease_studioId_startMs ON slotLease (studioId, startMs);
CREATE INDEX slotLease_holder ON slotLease (holder);

CREATE TABLE orderLine (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT '',
  orderNo TEXT NOT NULL DEFAULT '',
  subOrderNo TEXT NOT NULL DEFAULT '',
  merchantId TEXT,
  skuId TEXT,
  sessionId TEXT,
  skuCode TEXT NOT NULL DEFAULT '',
  productName TEXT NOT NULL DEFAULT '',
  quantity INTEGER NOT NULL DEFAULT 0,
  isGift INTEGER NOT NULL DEFAULT 0,
  orderedMs INTEGER NOT NULL DEFAULT 0,
  paidMs INTEGER,
  payableFen INTEGER NOT NULL DEFAULT 0,
  paidFen INTEGER NOT NULL DEFAULT 0,
  promisedMs INTEGER,
  provinceName TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX orderLine_natural ON orderLine (source, subOrderNo);
CREATE INDEX orderLine_skuId_paidMs ON orderLine (skuId, paidMs);
CREATE INDEX orderLine_paidMs ON orderLine (paidMs);
CREATE INDEX orderLine_sessionId ON orderLine (sessionId);
CREATE INDEX orderLine_orderNo ON orderLine (orderNo);

CREATE TABLE orderState (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  orderLineId TEXT NOT NULL DEFAULT '',
  asOfMs INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT '',
  pickedUpMs INTEGER,
  clickedShipMs INTEGER,
  completedMs INTEGER,
  afterSale TEXT NOT NULL DEFAULT '',
  refundFen INTEGER NOT NULL DEFAULT 0,
  cancelReason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX orderState_orderLineId_asOfMs ON orderState (orderLineId, asOfMs);

CREATE TABLE returnItem (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  orderLineId TEXT NOT NULL DEFAULT '',
  requestedMs INTEGER NOT NULL DEFAULT 0,
  receivedMs INTEGER,
  reason TEXT NOT NULL DEFAULT '',
  isQuality INTEGER NOT NULL DEFAULT 0,
  refundFen INTEGER NOT NULL DEFAULT 0,
  sourceKey TEXT
) STRICT;
CREATE UNIQUE INDEX returnItem_natural ON returnItem (sourceKey);
CREATE INDEX returnItem_orderLineId ON returnItem (orderLineId);

CREATE TABLE complaint (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  merchantId TEXT NOT NULL DEFAULT '',
  orderNo TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  openedMs INTEGER NOT NULL DEFAULT 0,
  answeredMs INTEGER,
  closedMs INTEGER,
  outcome TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX complaint_merchantId ON complaint (merchantId);

CREATE TABLE signal (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  productId TEXT NOT NULL DEFAULT '',
  sessionId TEXT,
  topic TEXT NOT NULL DEFAULT '',
  mentions INTEGER NOT NULL DEFAULT 0,
  firstMs INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX signal_productId ON signal (productId);

CREATE TABLE revision (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  productId TEXT NOT NULL DEFAULT '',
  signalId TEXT,
  openedMs INTEGER NOT NULL DEFAULT 0,
  clockHours INTEGER NOT NULL DEFAULT 0,
  answeredMs INTEGER,
  sampleMs INTEGER,
  onAirMs INTEGER,
  outcome TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX revision_productId ON revision (productId);

CREATE TABLE returnPoolEntry (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  merchantId TEXT NOT NULL DEFAULT '',
  amountFen INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX returnPoolEntry_merchantId ON returnPoolEntry (merchantId);

CREATE TABLE dayAggregate (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  baseId TEXT NOT NULL DEFAULT '',
  merchantId TEXT,
  dayKey TEXT NOT NULL DEFAULT '',
  metric TEXT NOT NULL DEFAULT '',
  value REAL NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX dayAggregate_dayKey_metric ON dayAggregate (dayKey, metric);

CREATE TABLE importBatch (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT '',
  fileName TEXT NOT NULL DEFAULT '',
  fileHash TEXT NOT NULL DEFAULT '',
  asOfMs INTEGER NOT NULL DEFAULT 0,
  rows INTEGER NOT NULL DEFAULT 0,
  newRows INTEGER NOT NULL DEFAULT 0,
  changedRows INTEGER NOT NULL DEFAULT 0,
  unchangedRows INTEGER NOT NULL DEFAULT 0,
  problemRows INTEGER NOT NULL DEFAULT 0,
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX importBatch_natural ON importBatch (fileHash);

CREATE TABLE planVersion (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  planNo INTEGER NOT NULL DEFAULT 0,
  basePlanId TEXT,
  reason TEXT NOT NULL DEFAULT '',
  problemHash TEXT NOT NULL DEFAULT '',
  score TEXT NOT NULL DEFAULT 'null',
  horizonFromMs INTEGER NOT NULL DEFAULT 0,
  horizonToMs INTEGER NOT NULL DEFAULT 0,
  items TEXT NOT NULL DEFAULT 'null',
  late TEXT NOT NULL DEFAULT 'null',
  cause TEXT NOT NULL DEFAULT 'null',
  publishedMs INTEGER NOT NULL DEFAULT 0,
  seed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE currentPlan (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  planScope TEXT NOT NULL DEFAULT '',
  planId TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX currentPlan_planScope ON currentPlan (planScope);

CREATE TABLE pin (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  subjectTable TEXT NOT NULL DEFAULT '',
  subjectId TEXT NOT NULL DEFAULT '',
  taskKey TEXT NOT NULL DEFAULT '',
  resourceId TEXT,
  startMs INTEGER,
  strength TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pin_subjectId ON pin (subjectId);

CREATE TABLE planEvent (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL DEFAULT '',
  subjectTable TEXT NOT NULL DEFAULT '',
  subjectId TEXT NOT NULL DEFAULT '',
  fromMs INTEGER NOT NULL DEFAULT 0,
  untilMs INTEGER,
  details TEXT NOT NULL DEFAULT 'null',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE closure (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  subjectTable TEXT NOT NULL DEFAULT '',
  subjectId TEXT NOT NULL DEFAULT '',
  fromMs INTEGER NOT NULL DEFAULT 0,
  untilMs INTEGER,
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX closure_subjectId ON closure (subjectId);

CREATE TABLE planningPolicy (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  replanMode TEXT NOT NULL DEFAULT '',
  autoMaxMoved INTEGER NOT NULL DEFAULT 0,
  autoBroadcasts INTEGER NOT NULL DEFAULT 0,
  frozenMin INTEGER NOT NULL DEFAULT 0,
  weights TEXT NOT NULL DEFAULT 'null'
) STRICT;

CREATE TABLE resourceGrant (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  bookingId TEXT NOT NULL DEFAULT '',
  resourceKey TEXT NOT NULL DEFAULT '',
  unit INTEGER NOT NULL DEFAULT 0,
  startMs INTEGER NOT NULL DEFAULT 0,
  endMs INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  term INTEGER NOT NULL DEFAULT 0,
  leaseId TEXT
) STRICT;
CREATE INDEX resourceGrant_bookingId ON resourceGrant (bookingId);
CREATE INDEX resourceGrant_resourceKey_unit_startMs ON resourceGrant (resourceKey, unit, startMs);

CREATE TABLE claimAnswer (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  bookingId TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  alternatives TEXT NOT NULL DEFAULT 'null',
  heldBy TEXT,
  term INTEGER NOT NULL DEFAULT 0,
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX claimAnswer_bookingId ON claimAnswer (bookingId);

CREATE TABLE bookingRelease (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  bookingId TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX bookingRelease_bookingId ON bookingRelease (bookingId);

CREATE TABLE claimWait (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  createdMs INTEGER NOT NULL DEFAULT 0,
  bookingId TEXT NOT NULL DEFAULT '',
  waits INTEGER NOT NULL DEFAULT 0,
  atMs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX claimWait_bookingId ON claimWait (bookingId);
