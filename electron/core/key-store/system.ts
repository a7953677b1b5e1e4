import type * as Library from '@napi-rs/keyring'
import { platform } from 'node:os'
import { StoreClosed } from './closed.ts'
import { findSecret, requireOpen } from './secret-service.ts'

/** Keeps small secrets under names. */
export interface KeyStore {
  /**
   * @param ask whether the person may be asked to unlock the store; then this waits for them
   * @returns the secret, or null when the store is open and has none under this name
   * @throws StoreClosed
   */
  read(account: string, ask: boolean): Promise<Buffer | null>
  /** Never asks anybody on Linux. @throws StoreClosed */
  write(account: string, secret: Buffer): Promise<void>
}

const SERVICE = 'Chanbo'
/** A service that the bus has to start first takes a while; nobody waits that long for it. */
const LOOK_LIMIT_MS = 10_000
const PERSON_LIMIT_MS = 60_000
/** The kernel's keyring, the other store this library knows on Linux, forgets everything at a restart of the machine. */
const LASTING = { linux: { store: 'secret-service' } } as const

const isLinux = platform() === 'linux'

/** @throws StoreClosed; what the library reports is of one kind only, so that a later try may always work */
async function withEntry<T>(
  account: string,
  use: (entry: InstanceType<typeof Library.AsyncEntry>) => Promise<T>,
): Promise<T> {
  const { AsyncEntry } = await import('@napi-rs/keyring').catch((error: unknown) => {
    throw new StoreClosed('missing', String(error))
  })
  try {
    return await use(new AsyncEntry(SERVICE, account, LASTING))
  } catch (error) {
    throw new StoreClosed('locked', String(error))
  }
}

/**
 * The operating system's own store: Credential Manager, Keychain, Secret Service. On Linux its state is asked first, because
 * the library blocks a thread, and with it the end of the process, for as long as a question to the person stands open.
 */
export const systemKeyStore: KeyStore = {
  async read(account, ask) {
    const limitMs = ask ? PERSON_LIMIT_MS : LOOK_LIMIT_MS
    if (isLinux && !(await findSecret({ service: SERVICE, username: account }, { ask, limitMs }))) return null
    const secret = await withEntry(account, (entry) => entry.getSecret())
    return secret && Buffer.from(secret)
  },
  async write(account, secret) {
    if (isLinux) await requireOpen(LOOK_LIMIT_MS)
    await withEntry(account, (entry) => entry.setSecret(secret))
  },
}
