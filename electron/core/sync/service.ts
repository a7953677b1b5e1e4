import { setTimeout as delay } from 'node:timers/promises'
import zlib from 'node:zlib'
import { compressionOf } from '../../../shared/wire/compression.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import type { SyncBar } from '../../../shared/contract/app.ts'
import type { SyncLink } from '../../../shared/contract/sync.ts'
import type { AppError } from '../../../shared/contract/result.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { makeKeys } from '../keys.ts'
import type { OpenBelt, Services } from '../services.ts'
import type { HoldOff } from './contact.ts'
import { SyncEngine, type EngineStatus } from './engine.ts'
import { asRefusal, handOver, joinHub } from './enrolment.ts'
import { continueUnder } from './incarnation.ts'
import type { Fork } from './outbox.ts'
import { holdOffAfter, Renewal, renewIdentity } from './renewal.ts'
import { RequestCounter } from './request-counter.ts'
import { readLink, writeLink, type HubLink } from './link.ts'
import { meterRules, spentToday } from './meter.ts'

const ACT_AFTER_MS = 24 * 3_600_000
const ERROR_AFTER_MS = 3 * ACT_AFTER_MS
const FIRST_ROWS_WAIT_MS = 60_000
const TRY_WAIT_MS = 8_000
const MEGABYTE = 1024 * 1024

export interface SyncOptions {
  readonly paused?: boolean
  readonly urgentOnly?: boolean
  readonly metered?: boolean
  /** Megabytes a day; null for no limit. */
  readonly budgetMb?: number | null
}

export interface SyncService {
  /** A belt's store was opened: keeps it in step with its hub from now on. */
  opened(): void
  /** The store is about to be closed. */
  closing(): void
  /** Something was written. */
  poke(): void
  link(): SyncLink
  /** What the bar at the bottom of every screen says about the network. */
  bar(): Pick<SyncBar, 'network' | 'offlineSinceMs' | 'receiving' | 'lastContactMs' | 'latencyMs' | 'badge'>
  join(request: { url: string; code: string }): Promise<{ beltId: string }>
  handOver(request: { url: string; code: string }): Promise<void>
  tryNow(): Promise<{ reached: boolean }>
  /** A signed request to the hub. @throws Refusal `hub-unreachable`, `hub-wrong-identity` or `hub-refused` */
  ask(path: string, body: Uint8Array): Promise<Uint8Array>
  setOptions(options: SyncOptions): void
  /** The hub has given the open belt's present key the rights of its former one, and said so in a file. */
  renewed(link: HubLink): void
}

type SyncDeps = Pick<
  Services,
  'clock' | 'log' | 'keyFiles' | 'files' | 'openBelt' | 'belt' | 'emit' | 'switchTo'
> & {
  readonly random: () => number
}

export function createSyncService(deps: SyncDeps): SyncService {
  const compression = compressionOf(zlib)
  let engine: SyncEngine | null = null
  let renewal: Renewal | null = null
  /** The present key has its rights, although the open belt was read before it got them. */
  let renewedAuthor: string | null = null
  let running: OpenBelt | null = null
  /** Times in a row that the hub gave no new identity. */
  let unrenewed = 0
  const statusNow = (): EngineStatus | null => engine?.status() ?? renewal?.status() ?? null

  const changed = (): void => {
    deps.emit({ kind: 'changed', topics: ['sync'] })
    nameNewBelt()
  }

  /** A belt that was just joined gets its name and zone with its first rows; the store is opened again with them. */
  function nameNewBelt(): void {
    const belt = deps.openBelt()
    if (!belt || belt !== running || belt.info.id !== '' || !hasBeltRow(belt)) return
    writeDeviceRow(belt)
    deps.switchTo(belt.known.store)
  }

  function writeDeviceRow(belt: OpenBelt): void {
    const certificate = readLink(belt.store)?.certificate
    // Officials read.
    if (certificate?.role === 'official') return
    const baseId = certificate?.baseId ?? null
    const fields = { name: deps.files.deviceName, author: belt.keys.author, baseId }
    belt.store.append([
      { scope: 'belt', lane: 'register', kind: 'create', table: 'device', fields, person: null },
    ])
  }

  function start(holdOff?: HoldOff): void {
    const belt = deps.openBelt()
    if (!belt || belt.info.isDemo || !readLink(belt.store)) return
    running = belt
    if (belt.keys.renewing && belt.keys.author !== renewedAuthor) {
      startRenewal(belt)
      return
    }
    engine = new SyncEngine({
      store: belt.store,
      keys: belt.keys,
      clock: deps.clock,
      random: deps.random,
      compression,
      log: deps.log,
      onChanged: changed,
      onFork: (forks) => void takeNewIdentity(belt, forks),
      holdOff,
    })
    engine.poke()
  }

  /** The store was recognised as a copy when it was opened: first its new key gets the rights of the old one. */
  function startRenewal(belt: OpenBelt): void {
    renewal = new Renewal({
      belt,
      clock: deps.clock,
      random: deps.random,
      log: deps.log,
      onChanged: changed,
      onRenewed: (link) => goOnRenewed(belt, link),
    })
  }

  function goOnRenewed(belt: OpenBelt, link: HubLink): void {
    const { renewing: _, ...keys } = belt.keys
    belt.store.transact(() => writeLink(belt.store, link))
    deps.keyFiles.save(belt.known.store, keys)
    renewedAuthor = keys.author
    stop()
    start()
    changed()
  }

  /** This store was copied or restored: the hub has other ops under the same names. Continues under a new identity. */
  async function takeNewIdentity(belt: OpenBelt, forks: readonly Fork[]): Promise<void> {
    if (belt !== running) return
    stop()
    const { store, keys } = belt
    const link = readLink(store)
    if (!link) return
    try {
      const next = {
        ...makeKeys({ founder: false, beltSecret: keys.beltSecret, incarnation: keys.incarnation + 1 }),
        rootSeed: keys.rootSeed,
      }
      const renewed = await renewIdentity(link, keys, next, new RequestCounter(store))
      if (deps.openBelt() !== belt) return
      unrenewed = 0
      continueUnder(store, {
        author: next.author,
        link: renewed,
        forks,
        saveKeys: () => deps.keyFiles.save(belt.known.store, next),
      })
      store.transact(() =>
        store.setMeta('identityChanged', JSON.stringify({ why: 'copied', atMs: deps.clock() })),
      )
      deps.log.info('this store was copied or restored: continuing under a new identity', {
        former: keys.author,
      })
      deps.switchTo(belt.known.store)
    } catch (error) {
      deps.log.warn('no new identity yet', { error: String(error) })
      if (deps.openBelt() === belt)
        start(holdOffAfter(error, ++unrenewed, { nowMs: deps.clock(), random: deps.random }))
    }
  }

  function stop(): void {
    const closing = engine
    engine = null
    running = null
    void renewal?.close()
    renewal = null
    closing
      ?.close()
      .catch((error: unknown) => deps.log.warn('sync did not end cleanly', { error: String(error) }))
  }

  const networkOf = (status: EngineStatus | null): SyncLink['network'] => {
    if (!status) return 'no-hub'
    if (status.failure) return status.failure.code === 'hub-unreachable' ? 'offline' : 'refused'
    if (status.lastContactMs === null) return 'connecting'
    return status.sending ? 'sending' : 'online'
  }

  return {
    opened() {
      stop()
      start()
    },
    closing: stop,
    poke: () => engine?.poke(),

    link() {
      const belt = deps.openBelt()
      const status = statusNow()
      const link = belt ? readLink(belt.store) : null
      const waiting = belt ? waitingOf(belt) : { n: 0, oldestMs: null }
      const rules = belt ? meterRules(belt.store) : { metered: false, budgetBytes: null }
      return {
        hub: link && {
          url: link.url,
          joinedMs: link.joinedMs,
          role: link.certificate.role,
          baseId: link.certificate.baseId,
        },
        network: networkOf(status),
        offlineSinceMs: status?.offlineSinceMs ?? null,
        lastContactMs: status?.lastContactMs ?? null,
        latencyMs: status?.latencyMs ?? null,
        failure: status?.failure ? errorOf(status.failure) : null,
        nextTryMs: status?.nextTryMs ?? null,
        estimateMs: estimate(status, waiting.n),
        waiting: waiting.n,
        oldestWaitingMs: waiting.oldestMs,
        paused: belt?.store.meta('syncPaused') === 'yes',
        urgentOnly: belt?.store.meta('syncUrgentOnly') === 'yes',
        metered: rules.metered,
        budgetMb: rules.budgetBytes === null ? null : Math.round(rules.budgetBytes / MEGABYTE),
        spentTodayBytes: engine?.spentToday() ?? (belt ? spentToday(belt.store, deps.clock()) : 0),
        firstSync: status?.firstSync ?? null,
        canHandOver: !!belt && !belt.info.isDemo && !belt.store.hasHub && belt.keys.rootSeed !== null,
      }
    },

    bar() {
      const status = statusNow()
      const belt = deps.openBelt()
      const oldestMs = status && belt ? waitingOf(belt).oldestMs : null
      const ageMs = oldestMs === null ? 0 : deps.clock() - oldestMs
      const first = status?.firstSync
      const needsPerson = status?.failure != null && status.failure.code !== 'hub-unreachable'
      const badge = ageMs > ERROR_AFTER_MS ? 'error' : ageMs > ACT_AFTER_MS || needsPerson ? 'act' : 'calm'
      return {
        network: networkOf(status),
        offlineSinceMs: status?.offlineSinceMs ?? null,
        lastContactMs: status?.lastContactMs ?? null,
        latencyMs: status?.latencyMs ?? null,
        receiving:
          first && first.totalBytes > 0
            ? { share: first.doneBytes / first.totalBytes, paused: first.state === 'paused' }
            : null,
        badge,
      }
    },

    async join(request) {
      const keys = makeKeys({ founder: false })
      const { deviceName } = deps.files
      const link = await joinHub({ ...request, keys, deviceName, nowMs: deps.clock() })
      await deps.keyFiles.prepare()
      const store = `belt-${keys.author}`
      deps.keyFiles.save(store, keys)
      deps.files.open({ store, id: link.belt, name: '', isDemo: false, openedMs: deps.clock() })
      deps.switchTo(store)
      const belt = deps.belt()
      belt.store.transact(() => {
        belt.store.setMeta('beltId', link.belt)
        writeLink(belt.store, link)
      })
      start()
      const endMs = deps.clock() + FIRST_ROWS_WAIT_MS
      while (deps.openBelt()?.info.id === '' && deps.clock() < endMs) await delay(50)
      deps.emit({ kind: 'changed', topics: ['app', 'sync'] })
      return { beltId: link.belt }
    },

    async handOver(request) {
      const belt = deps.belt()
      if (belt.info.isDemo) throw new Refusal('demo-cannot-enrol')
      const { store, keys } = belt
      const { deviceName } = deps.files
      await handOver({ ...request, keys, store, beltId: belt.info.id, deviceName, nowMs: deps.clock() })
      start()
      changed()
    },

    async ask(path, body) {
      if (!engine) throw new Refusal('hub-unreachable')
      try {
        return await engine.ask(path, body)
      } catch (error) {
        throw asRefusal(error)
      }
    },

    async tryNow() {
      renewal?.poke()
      if (!engine) return { reached: false }
      const before = engine.status().lastContactMs ?? 0
      engine.poke(true)
      const endMs = deps.clock() + TRY_WAIT_MS
      const asked = deps.clock()
      while (engine && deps.clock() < endMs) {
        await delay(50)
        const status: EngineStatus = engine.status()
        if (status.lastContactMs !== null && status.lastContactMs > before && status.lastContactMs >= asked)
          return { reached: true }
        if (status.failure && status.failure.atMs >= asked) return { reached: false }
      }
      return { reached: false }
    },

    renewed: (link) => goOnRenewed(deps.belt(), link),

    setOptions({ paused, urgentOnly, metered, budgetMb }) {
      const { store } = deps.belt()
      store.transact(() => {
        if (paused !== undefined) store.setMeta('syncPaused', paused ? 'yes' : 'no')
        if (urgentOnly !== undefined) store.setMeta('syncUrgentOnly', urgentOnly ? 'yes' : 'no')
        if (metered !== undefined) store.setMeta('syncMetered', metered ? 'yes' : 'no')
        if (budgetMb !== undefined) store.setMeta('syncBudgetBytes', String((budgetMb ?? 0) * MEGABYTE))
      })
      engine?.poke(true)
      changed()
    },
  }
}

const hasBeltRow = (belt: OpenBelt): boolean =>
  prepared(belt.store.db, 'SELECT 1 FROM belt WHERE deleted = 0 LIMIT 1').get() !== undefined &&
  prepared(belt.store.db, 'SELECT 1 FROM person LIMIT 1').get() !== undefined

function waitingOf(belt: OpenBelt): { n: number; oldestMs: number | null } {
  const tally = prepared<[], { n: number }>(
    belt.store.db,
    `SELECT n FROM opTally WHERE state = 'pending'`,
  ).get()
  if (!tally || tally.n === 0) return { n: 0, oldestMs: null }
  const oldest = prepared<[], { atMs: number | null }>(
    belt.store.db,
    `SELECT min(atMs) AS atMs FROM (SELECT atMs FROM op WHERE state = 'pending' ORDER BY n LIMIT 1)`,
  ).get()
  return { n: tally.n, oldestMs: oldest?.atMs ?? null }
}

function estimate(status: EngineStatus | null, waiting: number): number | null {
  if (!status?.bytesPerMs || waiting === 0) return null
  return Math.round((waiting * status.bytesPerOp) / status.bytesPerMs)
}

const errorOf = (failure: NonNullable<EngineStatus['failure']>): AppError => ({
  code: failure.code,
  details: failure.detail === null ? {} : { reason: failure.detail },
})
