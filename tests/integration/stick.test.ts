import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { revoke } from '../../electron/hub/enrol.ts'
import { loadHubSeed } from '../../electron/hub/keys.ts'
import { hubStick, type HubStick } from '../../electron/hub/stick.ts'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'
import { startTestHub } from '../helpers/hub.ts'
import {
  addPeople,
  authorOf,
  countOf,
  names,
  pending,
  read,
  startStickRig,
  written,
  type StickRig,
} from '../helpers/stick-rig.ts'
import { until } from '../helpers/sync-rig.ts'

let rig: StickRig
let device: TestCore
let other: TestCore
let beltId: string
const stick = () => rig.stick()

beforeEach(async () => {
  rig = await startStickRig()
  ;({ device, other, beltId } = rig)
})
afterEach(() => rig.close())

describe('files on a stick', () => {
  it('carry work to the hub, and verdicts and news back, without a network', async () => {
    await addPeople(device, '谷里', 30)
    await addPeople(other, '外面', 20)
    await until(async () => (await pending(other)) === 0, 'the founder is in step')
    const waiting = await pending(device)
    expect(waiting).toBe(30)
    const file = await written(device)
    for (const secret of ['谷里0', '"cursors"', 'person']) expect(file.includes(secret)).toBe(false)
    const { report, answer } = await stick().take(file)
    expect(report).toMatchObject({ applied: 30, duplicate: 0, rejected: 0, gaps: 0, forks: 0, problem: null })
    expect(await read(device, answer)).toMatchObject({
      applied: 30,
      arrived: 20,
      problem: null,
      needsNetwork: false,
    })
    expect(await pending(device)).toBe(0)
    expect(names(device)).toHaveLength(51)
    await until(() => names(other).length === 51, 'everybody has it')
    expect(names(device)).toStrictEqual(names(other))
    expect(await device.call('stick/state', {})).toMatchObject({ ready: true, waiting: 0 })
    // And the network, when it is back, has nothing left to do.
    await device.call('sync/setOptions', { paused: false })
    await device.call('sync/tryNow', {})
    expect(await pending(device)).toBe(0)
  }, 30_000)

  it('may be repeated, come late or out of order', async () => {
    await addPeople(device, '一', 3)
    const first = await written(device)
    await addPeople(device, '二', 3)
    const second = await written(device)
    const late = await stick().take(second)
    expect(late.report).toMatchObject({ applied: 6, gaps: 0 })
    const early = await stick().take(first)
    expect(early.report).toMatchObject({ applied: 0, duplicate: 3 })
    expect((await stick().take(second)).report).toMatchObject({ applied: 0, duplicate: 6 })
    expect(await read(device, late.answer)).toMatchObject({ applied: 6, problem: null })
    expect(await read(device, early.answer)).toMatchObject({ applied: 0, repeated: true, problem: null })
    expect(await read(device, late.answer)).toMatchObject({ applied: 0, repeated: true, problem: null })
    expect(await pending(device)).toBe(0)
    await until(() => names(other).length === 7, 'everybody has it')
  }, 30_000)

  it('news out of order are not applied over a gap, and fit once the earlier file was read', async () => {
    await addPeople(other, '甲', 2)
    await until(async () => (await pending(other)) === 0, 'sent')
    const author = authorOf(device)
    const empty = await written(device)
    const one = (await stick().take(empty)).answer
    expect(await read(device, one)).toMatchObject({ arrived: 2 })
    const next = await written(device)
    await addPeople(other, '乙', 2)
    await until(async () => (await pending(other)) === 0, 'sent')
    const two = (await stick().take(next)).answer
    // A store put back to before the first answer must not skip what it has forgotten.
    const { store } = device.core.services.belt()
    store.db.prepare(`DELETE FROM meta WHERE key LIKE 'cursor:%'`).run()
    expect((await read(device, two)).problem).toMatchObject({ code: 'stick-gap' })
    expect(names(device).filter((name) => name.startsWith('乙'))).toStrictEqual([])
    const news = await stick().take(await written(device))
    expect(await read(device, news.answer)).toMatchObject({ problem: null })
    expect(names(device)).toStrictEqual(names(other))
    expect(await read(device, await stick().news(beltId, author))).toMatchObject({ problem: null })
  }, 30_000)

  it('cut short anywhere: what came before stands, the rest follows with the next file', async () => {
    await addPeople(device, '长', 40)
    const file = await written(device)
    for (let n = 0; n < 12; n++) {
      const part = file.subarray(0, Math.floor((file.length * n) / 12))
      const taken = await stick()
        .take(part)
        .catch((error: unknown) => error)
      if (taken instanceof Error) expect(taken).toMatchObject({ problem: 'not-a-file' })
      else expect((taken as Awaited<ReturnType<HubStick['take']>>).report.problem).toBe('cut-short')
    }
    const { answer } = await stick().take(file)
    for (let n = 1; n < 12; n++) {
      const part = answer.subarray(0, Math.floor((answer.length * n) / 12))
      const result = await read(device, part).catch((error: unknown) => error)
      if (result instanceof Error) expect(result).toMatchObject({ code: 'stick-not-a-file' })
      else expect(result).toMatchObject({ problem: { code: 'stick-cut-short' } })
    }
    expect(await read(device, answer)).toMatchObject({ problem: null })
    expect(await pending(device)).toBe(0)
    await until(() => names(other).length === 41, 'everybody has it')
  }, 60_000)

  it('with one byte changed anywhere: refused or cut, never applied as something else', async () => {
    await addPeople(device, '真', 5)
    for (const encrypted of [true, false]) {
      const file = await written(device, encrypted)
      for (let n = 0; n < 40; n++) {
        const at = Math.floor((file.length * n) / 40)
        const forged = Buffer.from(file)
        forged[at] = forged[at]! ^ 0x20
        const taken = await stick()
          .take(forged)
          .catch((error: unknown) => error)
        if (taken instanceof Error) expect(taken).toHaveProperty('problem')
        else expect((taken as Awaited<ReturnType<HubStick['take']>>).report.problem).not.toBeNull()
      }
    }
    const ops = await rig.hub.hub.database.db
      .selectFrom('op')
      .select('state')
      .where('state', '<>', 0)
      .execute()
    expect(ops).toStrictEqual([])
    const { answer } = await stick().take(await written(device))
    for (let n = 0; n < 30; n++) {
      const forged = Buffer.from(answer)
      const at = Math.floor((answer.length * n) / 30)
      forged[at] = forged[at]! ^ 0x04
      const result = await read(device, forged).catch((error: unknown) => error)
      if (result instanceof Error) expect(String((result as { code?: string }).code)).toMatch(/^stick-/)
      else expect((result as { problem: unknown }).problem).not.toBeNull()
    }
    expect(names(device)).toHaveLength(6)
  }, 60_000)

  it('for somebody else are refused with the reason', async () => {
    await addPeople(device, '我', 1)
    const file = await written(device)
    const { answer } = await stick().take(file)
    await expect(read(other, answer)).rejects.toMatchObject({ code: 'stick-other-recipient' })
    await expect(read(device, file)).rejects.toMatchObject({ code: 'stick-other-kind' })
    await expect(stick().take(answer)).rejects.toMatchObject({ problem: 'other-kind' })
    await expect(read(device, Buffer.from('PK hello'))).rejects.toMatchObject({ code: 'stick-not-a-file' })
    const stranger = await startTestHub(join(rig.root, 'stranger'))
    try {
      await expect(
        hubStick(stranger.hub, loadHubSeed(join(rig.root, 'stranger'))).take(file),
      ).rejects.toMatchObject({ problem: 'other-recipient' })
    } finally {
      await stranger.close()
    }
    const lone = startCore({ dataDir: join(rig.root, 'lone') })
    rig.running.push(lone)
    await lone.call('app/createBelt', NEW_BELT)
    await expect(lone.call('stick/export', {})).rejects.toMatchObject({ code: 'stick-no-hub' })
  }, 30_000)

  it('of a revoked device are kept for an administrator, who is told', async () => {
    await addPeople(device, '迟', 4)
    const file = await written(device)
    await revoke(rig.hub.hub, beltId, authorOf(device))
    const { report, answer } = await stick().take(file)
    expect(report).toMatchObject({ applied: 0, quarantined: 4 })
    expect(await read(device, answer)).toMatchObject({ quarantined: 4 })
    expect(names(other)).toStrictEqual(['于敏'])

    // What the administrator decides travels by the next file and its answer.
    const { held } = await other.call('hub/overview', {})
    const settle = (from: number, to: number, choice: 'release' | 'refuse') =>
      other.call('hub/settleHeld', { hubSeqs: held.slice(from, to).map(({ hubSeq }) => hubSeq), choice })
    const early = await stick().take(await written(device))
    await settle(0, 3, 'release')
    await settle(3, 4, 'refuse')
    expect(states(device)).toStrictEqual({ quarantined: 4 })
    const late = await stick().take(await written(device))
    expect(late.report).toMatchObject({ applied: 0, quarantined: 0, problem: null })
    expect(await read(device, late.answer)).toMatchObject({
      applied: 3,
      rejected: 1,
      arrived: 0,
      problem: null,
    })
    expect(states(device)).toStrictEqual({ canonical: 3, rejected: 1 })
    expect(countOf(device, '迟')).toBe(3)
    // Told before: it no longer counts, and neither does a repetition.
    for (const old of [answer, early.answer, late.answer])
      expect(await read(device, old)).toMatchObject({ rejected: 0, applied: 0, problem: null })
    expect(states(device)).toStrictEqual({ canonical: 3, rejected: 1 })
    await until(() => names(other).length === 4, 'the others read what was released')
    expect(names(device).filter((name) => !names(other).includes(name))).toStrictEqual([])
  }, 30_000)

  /** How many of the people that the device wrote are in which state. */
  function states(app: TestCore): Record<string, number> {
    const { store } = app.core.services.belt()
    const rows = store.db
      .prepare<[string], { state: string; n: number }>(
        `SELECT state, count(*) AS n FROM op WHERE tbl = 'person' AND author = ? GROUP BY state ORDER BY state`,
      )
      .all(store.author)
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]))
  }

  it('bring a snapshot where the hub has cut its log off', async () => {
    await rig.cutBehind()
    await addPeople(device, '谷', 3)
    const { report, answer } = await stick().take(await written(device))
    expect(report).toMatchObject({ applied: 3, problem: null })
    await addPeople(other, '后', 2)
    await until(async () => (await pending(other)) === 0, 'sent')
    expect(await read(device, answer)).toMatchObject({ applied: 3, needsNetwork: false, problem: null })
    expect(countOf(device, '早')).toBe(300)
    const busy = device.core.services.belt().store.db.prepare('SELECT 1 FROM snapshotJob').get()
    expect(busy).toBeUndefined()
    // What came after the snapshot is in the next file, and the same file again is none the worse.
    expect(await read(device, answer)).toMatchObject({ repeated: true, needsNetwork: false, problem: null })
    const next = await stick().take(await written(device))
    expect(await read(device, next.answer)).toMatchObject({ arrived: 2, needsNetwork: false, problem: null })
    await until(() => names(other).length === names(device).length, 'the founder has it')
    expect(names(device)).toStrictEqual(names(other))
  }, 60_000)

  it('bring the rest of a snapshot that was cut short, from another file', async () => {
    await rig.cutBehind()
    await addPeople(device, '谷', 3)
    const { answer } = await stick().take(await written(device))
    for (const part of [0.5, 0.8]) {
      const cut = await read(device, answer.subarray(0, Math.floor(answer.length * part)))
      expect(cut).toMatchObject({ problem: { code: 'stick-cut-short' } })
    }
    expect(await read(device, answer)).toMatchObject({ needsNetwork: false, problem: null })
    expect(countOf(device, '早')).toBe(300)
    expect(countOf(device, '谷')).toBe(3)
    expect(await pending(device)).toBe(0)
  }, 60_000)

  it('work from the command line', async () => {
    await addPeople(device, '命', 2)
    const from = join(rig.root, 'valley.chanbo')
    writeFileSync(from, await written(device))
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [resolve('electron/hub/main.ts'), ...args, '--data-dir', rig.hubDir], {
        encoding: 'utf8',
      })
    await rig.hub.close()
    const said = run('import', '--from', from)
    expect(said).toContain('taken 2 here-already 0 rejected 0')
    const answer = join(rig.root, 'valley-answer.chanbo')
    copyFileSync(answer, join(rig.root, 'copy'))
    rig.hub = await startTestHub(rig.hubDir, { port: rig.hub.port })
    expect(await read(device, readFileSync(answer))).toMatchObject({ applied: 2, problem: null })
    const author = authorOf(device)
    await rig.hub.close()
    run('export', '--belt', beltId, '--device', author, '--to', join(rig.root, 'news.chanbo'))
    rig.hub = await startTestHub(rig.hubDir, { port: rig.hub.port })
    expect(await read(device, readFileSync(join(rig.root, 'news.chanbo')))).toMatchObject({ problem: null })
  }, 40_000)
})
