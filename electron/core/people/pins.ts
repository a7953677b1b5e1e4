import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../../../shared/contract/result.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'

const COST = 2 ** 15
const KEY_LENGTH = 32
const FREE_TRIES = 3
const FIRST_WAIT_MS = 5000
const LONGEST_WAIT_MS = 15 * 60_000

interface VerifierRow {
  salt: Buffer
  hash: Buffer
  cost: number
  failures: number
  waitUntilMs: number
}

function derive(pin: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin, salt, KEY_LENGTH, { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

/** Wait after a number of failed tries in a row: none for the first three, then doubling from 5 s up to 15 min. */
export function waitAfterFailuresMs(failures: number): number {
  if (failures < FREE_TRIES) return 0
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES))
}

const EASY = /^(\d)\1+$/

/** @throws Refusal `weak-pin` for one digit repeated or a plain run */
export function refuseEasyPin(pin: string): void {
  if (EASY.test(pin) || '01234567890123'.includes(pin) || '98765432109876'.includes(pin))
    throw new Refusal('weak-pin')
}

/** False on a machine where nobody has chosen a PIN yet. */
export const anyPin = (db: Db): boolean =>
  prepared(db, 'SELECT 1 FROM pinVerifier LIMIT 1').get() !== undefined

export async function storePin(db: Db, personId: string, pin: string, nowMs: number): Promise<void> {
  const salt = randomBytes(16)
  const hash = await derive(pin, salt, COST)
  prepared(
    db,
    `INSERT INTO pinVerifier (personId, salt, hash, cost, failures, waitUntilMs, setMs) VALUES (?, ?, ?, ?, 0, 0, ?)
     ON CONFLICT (personId) DO UPDATE SET salt = excluded.salt, hash = excluded.hash, cost = excluded.cost,
       failures = 0, waitUntilMs = 0, setMs = excluded.setMs`,
  ).run(personId, salt, hash, COST, nowMs)
}

export function hasPin(db: Db, personId: string): boolean {
  return prepared<[string]>(db, 'SELECT 1 FROM pinVerifier WHERE personId = ?').get(personId) !== undefined
}

/**
 * Checks a PIN. Failures are counted in the store, so that a restart does not reset the delay.
 * @throws Refusal `wrong-pin` or `pin-locked` with `waitMs`
 */
export async function checkPin(db: Db, personId: string, pin: string, nowMs: number): Promise<void> {
  const row = prepared<[string], VerifierRow>(
    db,
    'SELECT salt, hash, cost, failures, waitUntilMs FROM pinVerifier WHERE personId = ?',
  ).get(personId)
  if (!row) throw new Refusal('wrong-pin', { triesLeft: 0 })
  if (nowMs < row.waitUntilMs) throw new Refusal('pin-locked', { waitMs: row.waitUntilMs - nowMs })
  // Counted before the slow hash, so that parallel guesses cannot share one try.
  const failures = row.failures + 1
  prepared(db, 'UPDATE pinVerifier SET failures = ?, waitUntilMs = ? WHERE personId = ?').run(
    failures,
    nowMs + waitAfterFailuresMs(failures),
    personId,
  )
  const hash = await derive(pin, row.salt, row.cost)
  if (!timingSafeEqual(hash, row.hash)) {
    const waitMs = waitAfterFailuresMs(failures)
    throw waitMs > 0
      ? new Refusal('pin-locked', { waitMs })
      : new Refusal('wrong-pin', { triesLeft: FREE_TRIES - failures })
  }
  prepared(db, 'UPDATE pinVerifier SET failures = 0, waitUntilMs = 0 WHERE personId = ?').run(personId)
}
