import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeyFiles, unwrapKeys, wrapKeys } from '../../electron/core/key-files.ts'
import { StoreClosed } from '../../electron/core/key-store/closed.ts'
import { readMessage, splitTypes, writeCall } from '../../electron/core/key-store/bus-message.ts'
import { sessionBusPath } from '../../electron/core/key-store/session-bus.ts'
import type { KeyStore } from '../../electron/core/key-store/system.ts'
import { makeKeys } from '../../electron/core/keys.ts'
import { quietLog } from '../helpers/sync-rig.ts'

const by = { id: 'data-1', key: randomBytes(32) }
const keys = makeKeys({ founder: true })

describe('wrapped keys', () => {
  it('open with their key for their store, and say nothing otherwise', () => {
    const wrapped = wrapKeys(keys, by, 'belt-a')
    expect(unwrapKeys(wrapped, by.key, 'belt-a')).toEqual(keys)
    expect(unwrapKeys(wrapped, by.key, 'belt-b')).toBeNull()
    expect(unwrapKeys(wrapped, randomBytes(32), 'belt-a')).toBeNull()
    expect(JSON.stringify(wrapped)).not.toContain(keys.privateSeed)
  })

  it('keep what a renewal carries along', () => {
    const renewing = { ...makeKeys({ founder: false }), renewing: { author: 'a', privateSeed: 's' } }
    expect(unwrapKeys(wrapKeys(renewing, by, 'belt-a'), by.key, 'belt-a')).toEqual(renewing)
  })

  it('do not open after any change, and never use a nonce twice', () => {
    const wrapped = wrapKeys(keys, by, 'belt-a')
    for (const part of ['box', 'nonce'] as const) {
      const bytes = Buffer.from(wrapped[part], 'base64url')
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes)
        changed[at]! ^= 1
        expect(unwrapKeys({ ...wrapped, [part]: changed.toString('base64url') }, by.key, 'belt-a')).toBeNull()
      }
    }
    const box = Buffer.from(wrapped.box, 'base64url')
    for (const length of [0, 4, 15, 16, box.length - 1]) {
      const cut = { ...wrapped, box: box.subarray(0, length).toString('base64url') }
      expect(unwrapKeys(cut, by.key, 'belt-a')).toBeNull()
    }
    expect(wrapKeys(keys, by, 'belt-a').nonce).not.toBe(wrapped.nonce)
  })
})

describe('key files', () => {
  let dataDir: string
  const path = () => join(dataDir, 'keys', 'belt-a.json')
  const kept = () => JSON.parse(readFileSync(path(), 'utf8')) as object
  const open = (store: KeyStore | null, wraps = true) =>
    new KeyFiles({ dataDir, store, wraps, log: quietLog })
  /** A store of the operating system's kind, in memory. */
  const memory = (secrets = new Map<string, Buffer>()): KeyStore => ({
    read: (account) => Promise.resolve(secrets.get(account) ?? null),
    write: (account, secret) => Promise.resolve(void secrets.set(account, secret)),
  })
  const codeOf = (work: () => unknown): unknown => {
    try {
      work()
    } catch (error) {
      return (error as { error?: { code: string } }).error?.code ?? error
    }
    return null
  }

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'chanbo-key-files-'))
  })
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

  it('are wrapped soon after they were written in the clear; the demo’s never', async () => {
    const files = open(memory())
    files.save('belt-a', keys)
    files.save('demo', keys)
    expect(kept()).toEqual(keys)
    await files.protect()
    expect(kept()).toHaveProperty('wrapped', 1)
    expect(files.load('belt-a', false)).toEqual(keys)
    expect([files.guardOf('belt-a'), files.guardOf('demo')]).toEqual(['system', 'file'])
  })

  it('stay in the clear with a store that does not give back what it was given', async () => {
    const forgetful: KeyStore = { ...memory(), write: () => Promise.resolve() }
    const files = open(forgetful)
    files.save('belt-a', keys)
    await files.protect()
    expect(kept()).toEqual(keys)
    const garbling: KeyStore = { ...memory(), read: () => Promise.resolve(randomBytes(16)) }
    const others = open(garbling)
    await others.protect()
    expect(kept()).toEqual(keys)
  })

  it('are not replaced by whoever could not open them', async () => {
    const secrets = new Map<string, Buffer>()
    const files = open(memory(secrets))
    files.save('belt-a', keys)
    await files.protect()
    const text = readFileSync(path(), 'utf8')
    const blind = open(memory())
    expect(codeOf(() => blind.save('belt-a', makeKeys({ founder: false })))).toBe('keys-locked')
    await blind.unlock(['belt-a'], false)
    expect(codeOf(() => blind.load('belt-a', false))).toBe('keys-elsewhere')
    await blind.prepare()
    expect(codeOf(() => blind.save('belt-a', makeKeys({ founder: false })))).toBe('keys-locked')
    expect(readFileSync(path(), 'utf8')).toBe(text)
    const [id] = secrets.keys()
    secrets.set(id!, randomBytes(32))
    const wrong = open(memory(secrets))
    await wrong.unlock(['belt-a'], false)
    expect(codeOf(() => wrong.load('belt-a', false))).toBe('keys-elsewhere')
  })

  it('tell a store that is missing here from one that is only closed', async () => {
    const files = open(memory())
    files.save('belt-a', keys)
    await files.protect()
    const outcome = async (reason: 'locked' | 'missing', isCopy: boolean) => {
      const closed = open({ ...memory(), read: () => Promise.reject(new StoreClosed(reason, 'closed')) })
      await closed.unlock(['belt-a'], false)
      return codeOf(() => closed.load('belt-a', isCopy))
    }
    expect(await outcome('locked', false)).toBe('keys-locked')
    expect(await outcome('locked', true)).toBe('keys-locked')
    expect(await outcome('missing', false)).toBe('keys-locked')
    expect(await outcome('missing', true)).toBe('keys-elsewhere')
  })

  it('are opened by a key that comes after the start has stopped waiting', async () => {
    const secrets = new Map<string, Buffer>()
    const files = open(memory(secrets))
    files.save('belt-a', keys)
    await files.protect()
    let answer = () => {}
    const asked = new Promise<void>((resolve) => (answer = resolve))
    const store = memory(secrets)
    const late = open({ ...store, read: (account, ask) => asked.then(() => store.read(account, ask)) })
    const came = new Promise<void>((resolve) => (late.onLateKey = resolve))
    const startMs = performance.now()
    await late.unlock(['belt-a'], false)
    expect(performance.now() - startMs).toBeLessThan(4000)
    expect(codeOf(() => late.load('belt-a', false))).toBe('keys-locked')
    answer()
    await came
    expect(late.load('belt-a', false)).toEqual(keys)
  })

  it('that are no keys are called damaged', async () => {
    const files = open(null)
    files.save('belt-a', keys)
    for (const text of ['', '{"author":', '[]', '{"author":"a"}', '{"wrapped":1}']) {
      writeFileSync(path(), text)
      expect(codeOf(() => files.load('belt-a', false))).toBe('keys-damaged')
    }
    await delay(0)
    expect(files.load('belt-b', false)).toBeNull()
  })
})

describe('the session bus', () => {
  it('is found where libdbus finds it, and nowhere else', () => {
    const at = (address: string) => sessionBusPath({ DBUS_SESSION_BUS_ADDRESS: address })
    expect(at('unix:path=/run/user/1/bus,guid=0a')).toBe('/run/user/1/bus')
    expect(at('unix:abstract=/tmp/dbus-x,guid=0a')).toBe('\0/tmp/dbus-x')
    expect(at('tcp:host=a,port=1;unix:path=/a%20b')).toBe('/a b')
    expect(at('tcp:host=a,port=1')).toBeNull()
    expect(at('autolaunch:')).toBeNull()
    expect(sessionBusPath({})).toBeNull()
    expect(sessionBusPath({ XDG_RUNTIME_DIR: '/does/not/exist' })).toBeNull()
  })

  it('speaks in messages that read as they were written, whole ones only', () => {
    const call = { service: 'a.b', path: '/a/b', interface: 'a.b.C', member: 'Do' }
    const body = ['text', ['/x', '/yy'], { service: 'Chanbo', username: '产' }]
    const bytes = writeCall(7, { ...call, signature: 'saoa{ss}', body })
    const read = readMessage(Buffer.concat([bytes, bytes]), 1000)!
    expect(read.sizeBytes).toBe(bytes.length)
    expect(read.message).toMatchObject({ type: 1, path: '/a/b', member: 'Do', replyTo: 0 })
    expect(read.message.body).toEqual([
      'text',
      ['/x', '/yy'],
      [
        ['service', 'Chanbo'],
        ['username', '产'],
      ],
    ])
    for (let length = 0; length < bytes.length; length++)
      expect(readMessage(bytes.subarray(0, length), 1000)).toBeNull()
    expect(() => readMessage(bytes, bytes.length - 1)).toThrow(RangeError)
    const torn = Buffer.from(bytes)
    torn.writeUInt32LE(9999, bytes.length - bytes.readUInt32LE(4))
    expect(() => readMessage(torn, 1000)).toThrow()
  })

  it('splits signatures into complete types', () => {
    expect(splitTypes('aosa{sv}a(yv)b')).toEqual(['ao', 's', 'a{sv}', 'a(yv)', 'b'])
  })
})
