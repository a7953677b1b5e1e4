import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { beltState, makeRig, settled, until, type Rig, type RigDevice } from '../helpers/sync-rig.ts'
import { BOOKING, MERCHANT } from '../fixtures/rows.ts'

const HOUR = 3_600_000
const BELT_TABLES = ['belt', 'liveBase', 'studio', 'merchant', 'booking', 'claimAnswer', 'resourceGrant']

let rig: Rig
beforeEach(async () => {
  rig = await makeRig()
})
afterEach(() => rig.close())

const merchant = (name: string, baseId: string) => ({
  ...MERCHANT,
  name,
  shortName: name,
  baseId,
})

const booking = (baseId: string, startMs: number, label = 'x') => ({
  ...BOOKING,
  baseId,
  label,
  studioId: rig.studioId,
  startMs,
  endMs: startMs + HOUR,
})

const outcome = (device: RigDevice, bookingId: string) =>
  device.store.db
    .prepare('SELECT outcome, reason, alternatives, heldBy FROM bookingState WHERE bookingId = ?')
    .get(bookingId) as
    { outcome: string; reason: string; alternatives: string; heldBy: string | null } | undefined

const count = (device: RigDevice, table: string) =>
  (device.store.db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n

describe('two bases and a hub', () => {
  it('take over the founder’s log and converge', async () => {
    rig.founder.go()
    await until(() => settled(rig.founder), 'founder uploads')
    const a = await rig.join('a', 'planner', rig.baseA)
    a.go()
    await until(() => count(a, 'studio') === 1, 'a has the studio')
    const id = a.write((write) => write.create('merchant', merchant('M', rig.baseA)))
    await until(() => count(rig.founder, 'merchant') === 1, 'founder has the merchant')
    rig.founder.write((write) => write.set('merchant', id, { creditGrade: 'A' }))
    await until(
      () =>
        (a.store.db.prepare('SELECT creditGrade FROM merchant').get() as { creditGrade: string })
          .creditGrade === 'A',
      'a sees the grade',
    )
    await until(() => beltState(a, BELT_TABLES) === beltState(rig.founder, BELT_TABLES), 'converged')
  })

  it('both claim one studio hour offline: one is granted, the other refused with ways out, all agree', async () => {
    rig.founder.go()
    const a = await rig.join('a', 'planner', rig.baseA)
    const b = await rig.join('b', 'planner', rig.baseB)
    a.go()
    b.go()
    await until(() => count(a, 'studio') === 1 && count(b, 'studio') === 1, 'both know the studio')
    await a.stop()
    await b.stop()
    const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 24 * HOUR
    const first = a.write((write) => write.claim('booking', booking(rig.baseA, startMs)))
    const second = b.write((write) => write.claim('booking', booking(rig.baseB, startMs + HOUR / 2)))
    expect(outcome(a, first)).toBeUndefined()
    a.go()
    b.go()
    const all = [a, b, rig.founder]
    await until(
      () => all.every((device) => outcome(device, first) && outcome(device, second)),
      'both answered everywhere',
    )
    const answers = [outcome(a, first)!, outcome(a, second)!]
    expect(answers.map((answer) => answer.outcome).sort()).toStrictEqual(['granted', 'refused'])
    const refused = answers.find((answer) => answer.outcome === 'refused')!
    expect(refused.reason).toBe('studio-taken')
    expect([first, second]).toContain(refused.heldBy)
    expect(JSON.parse(refused.alternatives)).toHaveLength(3)
    await until(() => new Set(all.map((device) => beltState(device, BELT_TABLES))).size === 1, 'converged')
    expect(count(rig.founder, 'resourceGrant')).toBe(1)
  })

  it('a release gives the slot to the next claim', async () => {
    rig.founder.go()
    const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 24 * HOUR
    const first = rig.founder.write((write) => write.claim('booking', booking(rig.baseA, startMs)))
    await until(() => outcome(rig.founder, first)?.outcome === 'granted', 'granted')
    rig.founder.write((write) =>
      write.fact('bookingRelease', { bookingId: first, reason: 'ill', atMs: Date.now() }),
    )
    await until(() => outcome(rig.founder, first)?.outcome === 'released', 'released')
    const second = rig.founder.write((write) => write.claim('booking', booking(rig.baseA, startMs)))
    await until(() => outcome(rig.founder, second)?.outcome === 'granted', 'granted again')
  })

  it('what the founder granted before the handover still stands at the hub', async () => {
    const other = await makeRig()
    try {
      other.founder.go()
      await until(() => settled(other.founder), 'uploads')
      expect(
        (await other.hub.hub.database.db.selectFrom('belt').selectAll().executeTakeFirstOrThrow())
          .recoveringUntilMs,
      ).toBeNull()
    } finally {
      await other.close()
    }
  })

  it('goes on while the hub is away, and catches up when it is back', async () => {
    rig.founder.go()
    const a = await rig.join('a', 'planner', rig.baseA)
    a.go()
    await until(() => count(a, 'studio') === 1, 'a has the studio')
    await rig.stopHub()
    for (let i = 0; i < 50; i++) a.write((write) => write.create('merchant', merchant(`m${i}`, rig.baseA)))
    await until(() => a.status().failure?.code === 'hub-unreachable', 'a notices')
    expect(a.status().offlineSinceMs).not.toBeNull()
    expect(settled(a)).toBe(false)
    await rig.startHub()
    a.engine().poke(true)
    rig.founder.engine().poke(true)
    await until(() => settled(a) && count(rig.founder, 'merchant') === 50, 'caught up')
    await until(() => beltState(a, BELT_TABLES) === beltState(rig.founder, BELT_TABLES), 'converged')
  })

  it('rejects what a role may not do, keeps it visible to its author, and lets the rest through', async () => {
    rig.founder.go()
    const a = await rig.join('a', 'planner', rig.baseA)
    a.go()
    await until(() => count(a, 'studio') === 1, 'a has the studio')
    a.write((write) => {
      write.create('person', { name: 'x', shortName: 'x', role: 'administrator', baseId: null, active: true })
      write.create('merchant', merchant('ok', rig.baseA))
    })
    await until(() => settled(a), 'settled')
    const rows = a.store.db
      .prepare(`SELECT tbl, state, verdict FROM op WHERE author = ? ORDER BY seq`)
      .all(a.keys.author) as {
      tbl: string
      state: string
      verdict: string | null
    }[]
    expect(rows.map(({ tbl, state }) => [tbl, state])).toStrictEqual([
      ['person', 'rejected'],
      ['merchant', 'canonical'],
    ])
    expect(JSON.parse(rows[0]!.verdict!)).toMatchObject({ reason: 'administrators-only' })
    expect(count(a, 'person')).toBe(0)
    await until(() => count(rig.founder, 'merchant') === 1, 'the rest arrives')
  })

  it('base rows reach their base and belt-wide devices, not other bases', async () => {
    rig.founder.go()
    const a = await rig.join('a', 'planner', rig.baseA)
    const b = await rig.join('b', 'planner', rig.baseB)
    a.go()
    b.go()
    await until(() => count(a, 'studio') === 1 && count(b, 'studio') === 1, 'both are there')
    a.write((write) =>
      write.create('factory', { name: 'f', shortName: 'f', baseId: rig.baseA, auditGrade: 'A' }),
    )
    a.write((write) => write.create('merchant', merchant('later', rig.baseA)))
    await until(() => count(rig.founder, 'factory') === 1, 'the belt-wide device has it')
    await until(() => count(b, 'merchant') === 1, 'b read past it')
    expect(count(b, 'factory')).toBe(0)
  })
})
