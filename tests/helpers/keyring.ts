import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SessionBus, sessionBusPath } from '../../electron/core/key-store/session-bus.ts'

const PROGRAMS = ['dbus-daemon', 'gnome-keyring-daemon']

/** Why the tests with a real Secret Service are left out, or null. */
export function findKeyringObstacle(): string | null {
  const missing = PROGRAMS.filter((name) => spawnSync(name, ['--version']).error !== undefined)
  return missing.length === 0
    ? null
    : `${missing.join(' and ')} cannot be run (apt-get install gnome-keyring dbus)`
}

/** A desktop session's bus and keyring in a throw-away home: nobody's own keyring is near. */
export interface TestSession {
  /** What a process of this session finds in its environment. */
  readonly env: { readonly [name: string]: string }
  lock(): Promise<void>
  unlock(): Promise<void>
  /** The keyring answers nobody until `resume`. */
  pause(): void
  resume(): void
  /** The account names under which something is kept for Chanbo. */
  accounts(): Promise<string[]>
  /** Forgets one. */
  remove(account: string): Promise<void>
  stop(): Promise<void>
}

const SERVICE = 'org.freedesktop.secrets'
const ROOT = '/org/freedesktop/secrets'

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** @param password of the keyring; one without opens for any program that asks */
export async function startSession(password: string | null = 'throw-away'): Promise<TestSession> {
  const home = mkdtempSync(join(tmpdir(), 'chanbo-home-'))
  const runtime = join(home, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const { PATH = '' } = process.env
  const base = { PATH, HOME: home, XDG_RUNTIME_DIR: runtime, XDG_DATA_HOME: join(home, 'data') }
  if (password === null) {
    const keyrings = join(base.XDG_DATA_HOME, 'keyrings')
    mkdirSync(keyrings, { recursive: true })
    writeFileSync(join(keyrings, 'open.keyring'), '[keyring]\ndisplay-name=open\nctime=0\nmtime=0\n')
    writeFileSync(join(keyrings, 'default'), 'open')
  }
  const daemon = spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1'], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const address = await new Promise<string>((resolve, reject) => {
    daemon.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString('utf8').trim()))
    daemon.once('exit', () => reject(new Error('dbus-daemon ended')))
  })
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: address, CHANBO_KEY_STORE: 'system' }
  const onBus = async <T>(work: (bus: SessionBus) => Promise<T>): Promise<T> => {
    const bus = await SessionBus.connect(sessionBusPath(env)!)
    try {
      return await work(bus)
    } finally {
      bus.close()
    }
  }
  const isThere = async (bus: SessionBus) => {
    const name = 'org.freedesktop.DBus'
    const call = { service: name, path: '/org/freedesktop/DBus', interface: name, member: 'NameHasOwner' }
    return (await bus.call({ ...call, signature: 's', body: [SERVICE] }))[0] === true
  }
  const collection = (bus: SessionBus) =>
    bus
      .call({
        service: SERVICE,
        path: ROOT,
        interface: 'org.freedesktop.Secret.Service',
        member: 'ReadAlias',
        signature: 's',
        body: ['default'],
      })
      .then(([path]) => path as string)
  const property = (bus: SessionBus, path: string, on: string, name: string) =>
    bus
      .call({
        service: SERVICE,
        path,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Get',
        signature: 'ss',
        body: [`org.freedesktop.Secret.${on}`, name],
      })
      .then(([value]) => value)
  const items = async (bus: SessionBus) => {
    const [open, locked] = await bus.call({
      service: SERVICE,
      path: ROOT,
      interface: 'org.freedesktop.Secret.Service',
      member: 'SearchItems',
      signature: 'a{ss}',
      body: [{ service: 'Chanbo' }],
    })
    return Promise.all(
      [...(open as string[]), ...(locked as string[])].map(async (path) => ({
        path,
        account: new Map((await property(bus, path, 'Item', 'Attributes')) as [string, string][]).get(
          'username',
        )!,
      })),
    )
  }
  const untilLocked = (wanted: boolean) =>
    onBus(async (bus) => {
      for (let tries = 0; tries < 200; tries++) {
        // A call to a service that is not there yet would have the bus start another one.
        const path = (await isThere(bus)) ? await collection(bus) : '/'
        if (path !== '/' && (await property(bus, path, 'Collection', 'Locked')) === wanted) return
        await delay(25)
      }
      throw new Error(`the keyring is not ${wanted ? 'locked' : 'unlocked'}`)
    })
  /** A running keyring takes a password from its own window only; one that takes its place reads it. */
  let keyring: ChildProcess | null = null
  const unlock = async () => {
    if (keyring) await end(keyring)
    const options = ['--foreground', '--components=secrets', ...(password === null ? [] : ['--unlock'])]
    const started = spawn('gnome-keyring-daemon', options, { env, stdio: ['pipe', 'ignore', 'ignore'] })
    keyring = started
    started.stdin.end(password ?? '')
    await untilLocked(password === null)
  }
  await unlock()
  return {
    env,
    unlock,
    async lock() {
      await onBus(async (bus) => {
        const path = await collection(bus)
        await bus.call({
          service: SERVICE,
          path: ROOT,
          interface: 'org.freedesktop.Secret.Service',
          member: 'Lock',
          signature: 'ao',
          body: [[path]],
        })
      })
      await untilLocked(true)
    },
    pause: () => keyring?.kill('SIGSTOP'),
    resume: () => keyring?.kill('SIGCONT'),
    accounts: () => onBus(async (bus) => (await items(bus)).map(({ account }) => account)),
    remove: (account) =>
      onBus(async (bus) => {
        const found = (await items(bus)).find((item) => item.account === account)!
        const { path } = found
        await bus.call({ service: SERVICE, path, interface: 'org.freedesktop.Secret.Item', member: 'Delete' })
      }),
    async stop() {
      if (keyring) await end(keyring)
      await end(daemon)
      rmSync(home, { recursive: true, force: true })
    },
  }
}
