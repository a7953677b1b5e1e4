/** Writes resources/migrations/local/0001_init.sql from the table registry. Only before that migration is released. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fieldsOf, type Field, type Table } from '../../shared/domain/table.ts'
import { TABLE_LIST } from '../../shared/domain/tables.ts'

const SQL_TYPE = {
  text: 'TEXT',
  ref: 'TEXT',
  json: 'TEXT',
  int: 'INTEGER',
  bool: 'INTEGER',
  real: 'REAL',
} as const
const DEFAULT = { text: "''", ref: "''", json: "'null'", int: '0', bool: '0', real: '0' } as const

function column(name: string, field: Field): string {
  const type = SQL_TYPE[field.type]
  return field.nullable ? `${name} ${type}` : `${name} ${type} NOT NULL DEFAULT ${DEFAULT[field.type]}`
}

/** DDL of one replicated table. Values are checked by commands and at receipt; a newer device's values must still fit here. */
export function tableSql(table: Table): string {
  const columns = [
    'id TEXT PRIMARY KEY',
    'scope TEXT NOT NULL',
    'createdMs INTEGER NOT NULL DEFAULT 0',
    // 0 live, 1 deleted, 2 edited here before its creation arrived
    ...(table.kind === 'register' ? ['deleted INTEGER NOT NULL DEFAULT 0'] : []),
    ...fieldsOf(table).map(({ name, field }) => column(name, field)),
  ]
  const lines = [`CREATE TABLE ${table.name} (\n  ${columns.join(',\n  ')}\n) STRICT;`]
  if (table.naturalKey)
    lines.push(`CREATE UNIQUE INDEX ${table.name}_natural ON ${table.name} (${table.naturalKey.join(', ')});`)
  for (const index of table.indexes)
    lines.push(`CREATE INDEX ${table.name}_${index.join('_')} ON ${table.name} (${index.join(', ')});`)
  return lines.join('\n')
}

const LOG_SQL = `-- The op log: every change, own and received, in arrival order.
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
`

export function initSql(): string {
  return `${LOG_SQL}\n-- The belt's tables, as described in shared/domain/tables.ts.\n${TABLE_LIST.map(tableSql).join('\n\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL('../../resources/migrations/local/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('0001_init.sql', folder), initSql())
}
