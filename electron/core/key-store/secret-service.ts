import type { Call } from './bus-message.ts'
import { StoreClosed } from './closed.ts'
import { SessionBus, sessionBusPath } from './session-bus.ts'

/** The freedesktop Secret Service (GNOME Keyring, KWallet, KeePassXC): asked after its state, which never opens a window. */
const SERVICE = 'org.freedesktop.secrets'
const ROOT = '/org/freedesktop/secrets'
const NOTHING = '/'

const onService = (member: string, signature: string, body: Call['body']): Call => ({
  service: SERVICE,
  path: ROOT,
  interface: 'org.freedesktop.Secret.Service',
  member,
  signature,
  body,
})

/** Runs `work` on a connection of its own that is gone after `limitMs`, whatever the other side does. */
async function onBus<T>(limitMs: number, work: (bus: SessionBus) => Promise<T>): Promise<T> {
  const path = sessionBusPath()
  if (path === null) throw new StoreClosed('missing', 'no session bus')
  let bus: SessionBus | null = null
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreClosed('locked', 'no answer in time')), limitMs)
  })
  try {
    const connecting = SessionBus.connect(path)
    void connecting.then(
      (late) => isOver && late.close(),
      () => undefined,
    )
    bus = await Promise.race([connecting, limit])
    return await Promise.race([work(bus), limit])
  } catch (error) {
    throw error instanceof StoreClosed ? error : new StoreClosed('missing', String(error))
  } finally {
    isOver = true
    clearTimeout(timer)
    bus?.close()
  }
}

/**
 * Unlocks collections or items. One without a password opens by itself; for others the person is asked in the service's own
 * window, which the service shows only when it is told to.
 * @throws StoreClosed `locked` when that needs a person and `ask` is false, or they do not
 */
async function unlock(bus: SessionBus, paths: string[], ask: boolean): Promise<void> {
  const [, prompt] = await bus.call(onService('Unlock', 'ao', [paths]))
  if (prompt === NOTHING) return
  if (!ask) throw new StoreClosed('locked', 'a person has to unlock it')
  const path = prompt as string
  const completed = await bus.nextSignal(path, 'Completed')
  await bus.call({
    service: SERVICE,
    path,
    interface: 'org.freedesktop.Secret.Prompt',
    member: 'Prompt',
    signature: 's',
    body: [''],
  })
  const [isDismissed] = await completed.body
  if (isDismissed === true) throw new StoreClosed('locked', 'the person did not unlock it')
}

/** The collection new secrets go into is open afterwards. */
async function openCollection(bus: SessionBus, ask: boolean): Promise<void> {
  const [collection] = await bus.call(onService('ReadAlias', 's', ['default']))
  if (collection === NOTHING) throw new StoreClosed('missing', 'the Secret Service has no default collection')
  const [isLocked] = await bus.call({
    service: SERVICE,
    path: collection as string,
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: ['org.freedesktop.Secret.Collection', 'Locked'],
  })
  if (isLocked === true) await unlock(bus, [collection as string], ask)
}

/**
 * Whether there is a secret with these attributes; it can be read without asking anybody then.
 * @throws StoreClosed `locked` while it could be there but is locked, `missing` where no service keeps secrets
 */
export function findSecret(
  attributes: Record<string, string>,
  { ask, limitMs }: { ask: boolean; limitMs: number },
): Promise<boolean> {
  return onBus(limitMs, async (bus) => {
    const search = async () =>
      (await bus.call(onService('SearchItems', 'a{ss}', [attributes]))) as [string[], string[]]
    const [open, locked] = await search()
    if (open.length > 0) return true
    if (locked.length > 0) await unlock(bus, locked, ask)
    else await openCollection(bus, ask)
    return (await search())[0].length > 0
  })
}

/** @throws StoreClosed when keeping a secret would ask somebody, or nobody keeps it */
export const requireOpen = (limitMs: number): Promise<void> =>
  onBus(limitMs, (bus) => openCollection(bus, false))
