import { afterEach, describe, expect, it } from 'vitest'
import { rmSync } from 'node:fs'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'

let core: TestCore
const cleanUp: string[] = []
afterEach(async () => {
  await core.close()
  for (const dir of cleanUp.splice(0)) rmSync(dir, { recursive: true, force: true })
})

describe('founding a belt', () => {
  it('starts empty, then opens with its administrator signed in', async () => {
    core = startCore()
    expect((await core.call('app/state', {})).phase).toBe('first-run')
    const made = await core.call('app/createBelt', NEW_BELT)
    expect(made.recoveryCode).toMatch(/^([0-9A-Z]{4}-)+[0-9A-Z]{1,4}$/)
    const state = await core.call('app/state', {})
    expect(state.phase).toBe('ready')
    expect(state.belt).toMatchObject({ id: made.beltId, name: NEW_BELT.name, isDemo: false })
    expect(state.person).toMatchObject({ name: '于敏', role: 'administrator' })
    expect(state.bases).toHaveLength(1)
  })

  it('refuses a PIN that anybody would guess, and makes nothing', async () => {
    core = startCore()
    await expect(
      core.call('app/createBelt', { ...NEW_BELT, administrator: { name: '于敏', pin: '123456' } }),
    ).rejects.toMatchObject({ code: 'weak-pin' })
    expect((await core.call('app/state', {})).phase).toBe('first-run')
  })

  it('asks for the PIN after a restart and delays guesses, across restarts too', async () => {
    const dataDir = tempDir()
    cleanUp.push(dataDir)
    let nowMs = 1_790_000_000_000
    const clock = () => nowMs
    core = startCore({ dataDir, clock })
    await core.call('app/createBelt', NEW_BELT)
    await core.close()

    core = startCore({ dataDir, clock })
    const state = await core.call('app/state', {})
    expect(state.phase).toBe('sign-in')
    const personId = state.people[0]!.id
    const guess = () => core.call('session/open', { personId, pin: '999991' })
    await expect(guess()).rejects.toMatchObject({ code: 'wrong-pin' })
    await expect(guess()).rejects.toMatchObject({ code: 'wrong-pin' })
    await expect(guess()).rejects.toMatchObject({ code: 'pin-locked', details: { waitMs: 5000 } })
    await core.close()
    core = startCore({ dataDir, clock })
    await expect(core.call('session/open', { personId, pin: '258013' })).rejects.toMatchObject({
      code: 'pin-locked',
    })
    nowMs += 5001
    expect(await core.call('session/open', { personId, pin: '258013' })).toMatchObject({ name: '于敏' })
  })
})

describe('rights', () => {
  it('are checked in the core: an official cannot write, nobody can without signing in', async () => {
    core = startCore()
    await core.call('app/createBelt', NEW_BELT)
    const official = await core.call('person/save', {
      id: null,
      name: '宋立群',
      role: 'official',
      baseId: null,
    })
    await core.call('person/setPin', { personId: official.id, pin: '402618', currentPin: null })
    await core.call('session/close', {})
    const save = { id: null, name: '丛珊', role: 'planner' as const, baseId: null }
    await expect(core.call('person/save', save)).rejects.toMatchObject({ code: 'not-signed-in' })
    await core.call('session/open', { personId: official.id, pin: '402618' })
    await expect(core.call('person/save', save)).rejects.toMatchObject({ code: 'not-allowed' })
  })

  it('never leaves a belt without an administrator', async () => {
    core = startCore()
    await core.call('app/createBelt', NEW_BELT)
    const { person } = await core.call('app/state', {})
    await expect(
      core.call('person/save', { id: person!.id, name: '于敏', role: 'planner', baseId: null }),
    ).rejects.toMatchObject({ code: 'last-administrator' })
    expect((await core.call('app/state', {})).person?.role).toBe('administrator')
  })
})

describe('a data directory', () => {
  it('lets one process in', async () => {
    core = startCore()
    expect(() => startCore({ dataDir: core.dataDir })).toThrowError(
      expect.objectContaining({ error: { code: 'store-locked', details: { dataDir: core.dataDir } } }),
    )
  })
})

describe('calls', () => {
  it('name the field that does not fit and the request nobody answers', async () => {
    core = startCore()
    const bad = await core.core.request(core.connection, 'app/createBelt', {
      ...NEW_BELT,
      base: { ...NEW_BELT.base, openMin: -5 },
    })
    expect(bad).toMatchObject({ ok: false, error: { code: 'bad-input', details: { field: 'base.openMin' } } })
    expect(await core.core.request(core.connection, 'toString', {})).toMatchObject({
      ok: false,
      error: { code: 'unknown-request' },
    })
  })
})
