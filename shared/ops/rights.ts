import { TABLES } from '../domain/tables.ts'
import type { Role } from '../contract/define.ts'
import { isKnownKind, isKnownLane } from './canonical.ts'
import { parseOpId } from './id.ts'
import type { Op } from './types.ts'

/** What a device's certificate says. */
export interface DeviceRights {
  readonly author: string
  readonly role: Role
  /** Null for a device that serves the whole belt. */
  readonly baseId: string | null
  /** Highest seq per stream that this device wrote as the belt's arbiter, before it handed over. */
  readonly arbiterUpTo: Readonly<Record<string, number>>
}

export interface PersonRights {
  readonly role: Role
  readonly baseId: string | null
  readonly active: boolean
}

export type RightsReason =
  | 'bad-op'
  | 'bad-scope'
  | 'read-only'
  | 'other-base'
  | 'administrators-only'
  | 'managers-only'
  | 'arbiter-only'
  | 'person-inactive'

const ADMINISTRATOR_TABLES = new Set([
  'belt',
  'fairSlotPolicy',
  'person',
  'holidayYear',
  'factor',
  'liveBase',
])
const ARBITER_TABLES = new Set(['resourceGrant', 'claimAnswer', 'stepRefusal', 'dayAggregate'])
/** Hands one base what all of them share. */
const MANAGER_TABLES = new Set(['slotLease'])
const NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/
const MAX_FIELDS = 100

/**
 * Whether an op may enter the belt's log: the device's certificate and the role of the person who wrote it must both allow it.
 * @param person null when the op names nobody, or somebody the hub has not heard of yet
 * @returns why not, or null
 */
export function rightsProblem(
  op: Op,
  device: DeviceRights,
  person: PersonRights | null,
): RightsReason | null {
  const flaw = flawOf(op)
  if (flaw) return flaw
  if (device.role === 'official' || person?.role === 'official') return 'read-only'
  if (person && !person.active) return 'person-inactive'
  if (ARBITER_TABLES.has(op.table)) {
    const wasArbiter = op.seq <= (device.arbiterUpTo[String(op.stream)] ?? 0)
    return wasArbiter ? null : 'arbiter-only'
  }
  const base = baseOf(op, person)
  const personBase = person?.role === 'planner' ? person.baseId : null
  if (base !== null && [device.baseId, personBase].some((own) => own !== null && own !== base))
    return 'other-base'
  if (ADMINISTRATOR_TABLES.has(op.table) && !mayAdminister(device, person)) return 'administrators-only'
  if (MANAGER_TABLES.has(op.table) && [device.role, person?.role].includes('planner')) return 'managers-only'
  return null
}

/** People are changed by administrators; a device without a person may do what its certificate says. */
const mayAdminister = (device: DeviceRights, person: PersonRights | null): boolean =>
  device.role === 'administrator' && (person === null || person.role === 'administrator')

/** The base whose matter an op is. Who serves the whole belt may claim slots for any base from any device. */
function baseOf(op: Op, person: PersonRights | null): string | null {
  if (op.scope.startsWith('base:')) return op.scope.slice('base:'.length)
  const forOwnBase = person === null || person.role === 'planner'
  return forOwnBase && op.table === 'booking' && typeof op.fields.baseId === 'string'
    ? op.fields.baseId
    : null
}

/** Shape errors that no honest device makes. Tables and fields of newer versions pass. */
function flawOf(op: Op): RightsReason | null {
  const names = Object.keys(op.fields)
  const sound =
    NAME.test(op.table) &&
    isKnownLane(op.lane) &&
    names.length <= MAX_FIELDS &&
    names.every((name) => NAME.test(name)) &&
    parseOpId(op.row) !== null
  if (!sound) return 'bad-op'
  const isBase = op.scope.startsWith('base:') && op.scope.length > 'base:'.length
  if (op.scope !== 'belt' && !isBase) return 'bad-scope'
  const table = TABLES.get(op.table)
  if (!table || !isKnownKind(op.kind)) return null
  if (table.scope !== (isBase ? 'base' : 'belt')) return 'bad-scope'
  const fits =
    table.kind === 'register'
      ? op.kind === 'create' || op.kind === 'set' || op.kind === 'delete' || op.kind === 'restore'
      : op.kind === table.kind
  return fits ? null : 'bad-op'
}
