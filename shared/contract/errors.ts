/** Every code a person can meet; the renderer has a sentence for each in each language. */
export const ERROR_CODES = [
  // calls
  'bad-input',
  'unknown-request',
  'not-signed-in',
  'not-allowed',
  'cancelled',
  'internal',
  'connection-lost',
  // rows
  'not-found',
  'deleted',
  'conflict',
  // people
  'wrong-pin',
  'pin-locked',
  'weak-pin',
  'last-administrator',
  // belts and store
  'no-belt',
  'belt-exists',
  'demo-cannot-enrol',
  'store-read-only',
  'store-full',
  'store-newer',
  'store-corrupt',
  'store-diverged',
  'store-locked',
  'backup-failed',
  'backup-not-usable',
  // files
  'file-gone',
  'file-too-large',
  'file-empty',
  'file-not-text',
  'file-not-recognised',
  'file-excel-damaged',
  'file-columns-missing',
  'file-truncated',
  // planning
  'plan-running',
  'plan-not-running',
  'plan-invalid',
  'plan-empty',
  'plan-outdated',
  'plan-not-proposal',
  'move-not-possible',
  // slots
  'slot-taken',
  'slot-closed',
  'merchant-blocked',
  // sessions
  'rule-blocked',
  'session-state',
  'bad-refs',
  'line-shape',
  'paste-empty',
  // sync
  'hub-unreachable',
  'hub-refused',
  'hub-wrong-identity',
  'enrol-code-wrong',
  'enrol-code-expired',
  'already-joined',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]
