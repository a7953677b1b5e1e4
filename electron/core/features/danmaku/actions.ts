import { createHmac } from 'node:crypto'
import { createReadStream, rmSync } from 'node:fs'
import type { DanmakuImport, danmakuContract } from '../../../../shared/contract/danmaku.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { HOUR_MS, MINUTE_MS } from '../../../../shared/domain/time.ts'
import { DanmakuReader, type DanmakuLine } from '../../../../shared/imports/danmaku.ts'
import type { Scope } from '../../../../shared/ops/types.ts'
import type { ActionHandlers, Actor } from '../../context.ts'
import type { Services } from '../../services.ts'
import { danmakuSession, storedTimes, type DanmakuSession } from './repo.ts'

/** Read and written in pieces this small, so that nobody waits for the core's thread meanwhile. */
const PIECE_BYTES = 32 * 1024
const SLICE = 200
/** A recording may begin before the session and go on after it. */
const MARGIN_MS = 2 * HOUR_MS
const HMAC_LENGTH = 22

type Tally = { -readonly [K in keyof DanmakuImport]: DanmakuImport[K] }

/** Writes comments as facts of their session; what the store has already is not written again. */
class DanmakuWriter {
  readonly tally: Tally = { added: 0, repeated: 0, elsewhere: 0, unreadable: 0, masked: 0, cutOff: false }
  readonly #services: Services
  readonly #actor: Actor
  readonly #session: DanmakuSession
  readonly #lengthMs: number
  readonly #secret: string
  /** The same words of the same viewer at the same moment, as often as this file has had them and the store had before. */
  readonly #seen = new Map<string, { here: number; before: number }>()

  constructor(services: Services, actor: Actor, session: DanmakuSession) {
    this.#services = services
    this.#actor = actor
    this.#session = session
    this.#secret = services.belt().keys.beltSecret
    const { startMs, endMs, durationMin } = session
    this.#lengthMs = startMs !== null && endMs !== null ? endMs - startMs : durationMin * MINUTE_MS
  }

  write(lines: readonly DanmakuLine[]): void {
    for (let from = 0; from < lines.length; from += SLICE) {
      const slice = lines.slice(from, from + SLICE)
      this.#services.transact(this.#actor, ({ db, write }) => {
        const scoped = write.withScope(this.#session.scope as Scope)
        for (const line of slice) {
          const offsetMs = this.#offsetOf(line)
          if (offsetMs < -MARGIN_MS || offsetMs > this.#lengthMs + MARGIN_MS) {
            this.tally.elsewhere++
            continue
          }
          const row = {
            sessionId: this.#session.id,
            offsetMs,
            body: line.body,
            viewerHmac: line.viewer === null ? null : this.#nameOf(line.viewer),
          }
          const key = JSON.stringify(row)
          const times = this.#seen.get(key) ?? { here: 0, before: storedTimes(db, row) }
          times.here++
          this.#seen.set(key, times)
          if (times.here <= times.before) {
            this.tally.repeated++
            continue
          }
          scoped.fact('danmaku', { ...row, tag: line.masked ? 'phone' : null })
          this.tally.added++
          if (line.masked) this.tally.masked++
        }
      })
    }
  }

  #offsetOf(line: DanmakuLine): number {
    if (line.clock === 'offset') return line.atMs
    if (this.#session.startMs === null) throw new Refusal('session-not-started')
    return line.atMs - this.#session.startMs
  }

  /** Tells one viewer from another in this belt, and nothing else. */
  #nameOf(viewer: string): string {
    return createHmac('sha256', this.#secret).update(viewer).digest('base64url').slice(0, HMAC_LENGTH)
  }
}

/** @throws Refusal `danmaku-not-recognised` */
function reading<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('danmaku-not-recognised')
    throw error
  }
}

export const danmakuActions: ActionHandlers<typeof danmakuContract> = {
  'danmaku/import': async ({ sessionId, fileHandle }, { actor, services }) => {
    const belt = services.belt()
    const file = services.takeFile(fileHandle)
    if (!file) throw new Refusal('file-gone')
    try {
      const session = danmakuSession(belt.store.db, sessionId)
      if (!session) throw new Refusal('not-found', { table: 'liveSession', id: sessionId })
      const writer = new DanmakuWriter(services, actor, session)
      const reader = new DanmakuReader()
      const decoder = new TextDecoder('utf-8')
      for await (const bytes of createReadStream(file.path, { highWaterMark: PIECE_BYTES })) {
        if (services.openBelt() !== belt) throw new Refusal('cancelled')
        const text = decoder.decode(bytes as Uint8Array, { stream: true })
        writer.write(reading(() => reader.push(text)))
        await new Promise((resolve) => setImmediate(resolve))
      }
      const { lines, tally } = reading(() => reader.end())
      writer.write(lines)
      return { ...writer.tally, unreadable: tally.unreadable, cutOff: tally.cutOff }
    } finally {
      if (file.ephemeral) rmSync(file.path, { force: true })
    }
  },
}
