import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeKeys } from '../../../electron/core/keys.ts'
import { Contact, REFUSED_RETRY_MS } from '../../../electron/core/sync/contact.ts'
import { HubRefused, HubUnreachable } from '../../../electron/core/sync/transport.ts'
import { openDevice, quietLog, scratch, type RigDevice } from '../../helpers/sync-rig.ts'

const NOW = 1_800_000_000_000

describe('a hub that answers with a fault', () => {
  const folder = scratch()
  let device: RigDevice
  let contact: Contact
  beforeEach(() => {
    device = openDevice(join(folder.path, `${Math.random()}.db`), makeKeys({ founder: false }))
    contact = new Contact({ store: device.store, clock: () => NOW, log: quietLog })
    contact.reached()
  })
  afterEach(() => device.close())
  afterAll(() => folder.dispose())

  const atFault = new HubRefused('internal', null)
  const isLetAlone = (): boolean => contact.refusedUntilMs > NOW

  it('three times in a row is let alone for a minute', () => {
    contact.missed('push', atFault)
    contact.missed('pull', atFault)
    expect(isLetAlone()).toBe(false)
    expect(contact.state.failure).toMatchObject({ code: 'hub-unreachable', detail: 'internal' })
    contact.missed('push', atFault)
    expect(contact.refusedUntilMs).toBe(NOW + REFUSED_RETRY_MS)
    expect(contact.state.failure).toMatchObject({ code: 'hub-refused', detail: 'internal' })
  })

  it('to everything that was under way at once has done so once', () => {
    for (const step of ['push', 'push', 'pull', 'status'])
      contact.missed(step, atFault, step === 'push' && !contact.state.failure)
    expect(isLetAlone()).toBe(false)
    expect(contact.state.failure).not.toBeNull()
    contact.missed('status', atFault)
    expect(isLetAlone()).toBe(false)
    contact.missed('status', atFault)
    expect(isLetAlone()).toBe(true)
  })

  it('is asked on as before when an answer came between, or nobody answered at all', () => {
    for (let n = 0; n < 10; n++) {
      contact.missed('push', atFault)
      contact.missed('push', atFault)
      contact.reached()
      contact.missed('push', new HubUnreachable('gone'))
      contact.missed('push', new HubRefused('busy', null))
    }
    expect(isLetAlone()).toBe(false)
  })
})
