import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { placeOf } from '../../electron/core/features/backup/identity.ts'
import { readLink, writeLink } from '../../electron/core/sync/link.ts'
import { revoke } from '../../electron/hub/enrol.ts'
import type { TestCore } from '../helpers/core.ts'
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

/** A copy of a device's data directory, as files. */
function copyOf(app: TestCore, name: string): string {
  const dataDir = join(rig.root, name)
  cpSync(app.dataDir, dataDir, { recursive: true, filter: (path) => !path.includes('lock') })
  return dataDir
}

beforeEach(async () => {
  rig = await startStickRig()
  ;({ device, other, beltId } = rig)
})
afterEach(() => rig.close())

describe('files on a stick of a data directory that was copied', () => {
  let moved: TestCore

  /** Taken to another place with three steps that nobody has heard of; there is no network any more. */
  beforeEach(async () => {
    const { store } = device.core.services.belt()
    store.transact(() => writeLink(store, { ...readLink(store)!, url: 'http://127.0.0.1:9' }))
    await addPeople(device, '旧', 3)
    const dataDir = copyOf(device, 'moved')
    moved = await rig.open(dataDir, 'moved')
    expect(authorOf(moved)).not.toBe(authorOf(device))
    await addPeople(moved, '新', 2)
  })

  it('ask for the rights of the old key, and then carry all of its work', async () => {
    expect(await moved.call('stick/state', {})).toMatchObject({ ready: true, why: null })
    expect(await moved.call('stick/export', {})).toMatchObject({ asksFirst: true, ops: 0 })
    const { report, answer } = await stick().take(await written(moved))
    expect(report).toMatchObject({ device: authorOf(device), renewed: true, applied: 0, problem: null })
    const known = await rig.hub.hub.database.db
      .selectFrom('device')
      .select(['role', 'previousAuthor', 'status'])
      .where('author', '=', authorOf(moved))
      .executeTakeFirst()
    expect(known).toMatchObject({ role: 'administrator', previousAuthor: authorOf(device), status: 'active' })
    for (const part of [0.3, 0.6, 0.95]) {
      const cut = read(moved, answer.subarray(0, Math.floor(answer.length * part)))
      expect(await cut).toMatchObject({ problem: { code: 'stick-cut-short' } })
    }
    expect(await read(moved, answer)).toMatchObject({ needsNetwork: false, problem: null })
    const second = await stick().take(await written(moved))
    expect(second.report).toMatchObject({ device: authorOf(moved), renewed: false, rejected: 0, gaps: 0 })
    expect(second.report.applied).toBeGreaterThanOrEqual(5)
    expect(await read(moved, second.answer)).toMatchObject({ problem: null })
    expect(await pending(moved)).toBe(0)
    await until(() => countOf(other, '旧') === 3 && countOf(other, '新') === 2, 'everybody has it')
    expect(names(moved)).toStrictEqual(names(other))
    await expect(read(moved, answer)).rejects.toMatchObject({ code: 'stick-other-recipient' })

    const former = authorOf(moved)
    await moved.core.close()
    rig.running.splice(rig.running.indexOf(moved), 1)
    moved = await rig.open(moved.dataDir, 'moved')
    expect(authorOf(moved)).toBe(former)
    expect(moved.core.services.belt().keys.renewing).toBeUndefined()
  }, 30_000)

  it('give no new name to what the original has handed in meanwhile', async () => {
    expect((await stick().take(await written(device))).report).toMatchObject({ applied: 3 })
    const { answer } = await stick().take(await written(moved))
    expect(await read(moved, answer)).toMatchObject({ problem: null })
    const second = await stick().take(await written(moved))
    expect(second.report).toMatchObject({ duplicate: 0, rejected: 0, gaps: 0, forks: 0 })
    expect(await read(moved, second.answer)).toMatchObject({ problem: null })
    expect(await pending(moved)).toBe(0)
    await until(() => countOf(other, '旧') === 3 && countOf(other, '新') === 2, 'everybody has it once')
    expect(names(moved)).toStrictEqual(names(other))
  }, 30_000)

  it('get nothing once the old key was shut out', async () => {
    await revoke(rig.hub.hub, beltId, authorOf(device))
    const { report, answer } = await stick().take(await written(moved))
    expect(report).toMatchObject({ renewed: false, problem: null })
    expect(await read(moved, answer)).toMatchObject({ problem: { code: 'stick-new-identity' }, arrived: 0 })
    expect((await stick().take(await written(moved))).report).toMatchObject({ applied: 0, quarantined: 0 })
    expect(await pending(moved)).toBe(5)
  }, 30_000)
})

describe('files on a stick where a copy of the device has written under its name', () => {
  let copy: TestCore

  /** Both go on from the same place; the hub has heard of the copy's work alone. */
  beforeEach(async () => {
    await addPeople(device, '同', 2)
    const dataDir = copyOf(device, 'copy')
    // Nothing on a disk that was cloned as a whole shows that it is another one.
    const keys = join(dataDir, 'keys')
    const lease = join(
      keys,
      readdirSync(keys).find((name) => name.endsWith('.lease.json'))!,
    )
    const paper = JSON.parse(readFileSync(lease, 'utf8')) as object
    writeFileSync(lease, JSON.stringify({ ...paper, place: placeOf(dataDir) }))
    copy = await rig.open(dataDir, 'copy')
    await addPeople(device, '谷', 3)
    expect(authorOf(copy)).toBe(authorOf(device))
  })

  async function expectNothingTaken(problem: unknown): Promise<void> {
    expect(problem).toMatchObject({ code: 'stick-copied' })
    expect(countOf(device, '抄')).toBe(0)
    expect(countOf(device, '谷')).toBe(3)
  }

  /** With a network the device goes on under a name of its own, and nobody's work is lost. */
  async function expectAllInTheEnd(): Promise<void> {
    const former = authorOf(device)
    await device.call('sync/setOptions', { paused: false })
    await until(
      async () => authorOf(device) !== former && (await pending(device)) === 0,
      'the device is through under another name',
    )
    for (const app of [device, other])
      await until(
        () => countOf(app, '抄') === countOf(copy, '抄') && countOf(app, '谷') === 3,
        'all of it is there',
      )
    await until(() => names(other).length === names(device).length, 'both have the same')
    expect(names(device)).toStrictEqual(names(other))
  }

  it('a snapshot that brings it is recognised', async () => {
    await addPeople(copy, '抄', 3)
    expect((await stick().take(await written(copy))).report).toMatchObject({ applied: 5, forks: 0 })
    await rig.cutBehind()
    const { problem } = await read(device, await stick().news(beltId, authorOf(device)))
    await expectNothingTaken(problem)
    await expectAllInTheEnd()
  }, 60_000)

  it.each([2, 3, 4])(
    'the answer to the copy settles nothing of the device (%i steps)',
    async (n) => {
      await addPeople(copy, '抄', n)
      await written(device)
      const { answer } = await stick().take(await written(copy))
      expect(await read(copy, answer)).toMatchObject({ applied: 2 + n, problem: null })
      const result = await read(device, answer)
      expect(await pending(device)).toBe(5)
      expect(result).toMatchObject({ applied: 0 })
      await expectNothingTaken(result.problem)
      await expectAllInTheEnd()
    },
    60_000,
  )

  it('the answer to the device’s own file says so', async () => {
    await addPeople(copy, '抄', 3)
    await stick().take(await written(copy))
    const { report, answer } = await stick().take(await written(device))
    expect(report).toMatchObject({ applied: 0, forks: 1 })
    const { problem } = await read(device, answer)
    await expectNothingTaken(problem)
    await expectAllInTheEnd()
  }, 60_000)
})
