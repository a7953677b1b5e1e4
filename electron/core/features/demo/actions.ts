import { createHash } from 'node:crypto'
import type { appContract } from '../../../../shared/contract/app.ts'
import { DEMO_NOW_MS, DEMO_SEED, generateDemo } from '../../../../shared/demo/index.ts'
import { DEMO_STORE } from '../../belts.ts'
import type { ActionHandlers, Actor } from '../../context.ts'
import { makeKeys } from '../../keys.ts'
import { readReference } from '../../reference.ts'
import type { Services } from '../../services.ts'
import { writeDrafts } from './write.ts'

const NOBODY: Actor = { connectionId: '', personId: null, role: null, baseId: null }
/** Rows without which the belt has no clock: written before the store is opened again on the demo's own time. */
const FIRST_TABLES = new Set(['belt'])

/** Makes the demo belt. It becomes the belt to reopen only once it is complete: a half-made one is made again. */
function buildDemo(services: Services): string {
  const drafts = generateDemo({
    seed: DEMO_SEED,
    nowMs: DEMO_NOW_MS,
    reference: readReference(services.resourcesDir),
    sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
  })
  const keys = makeKeys({ founder: true })
  services.keyFiles.save(DEMO_STORE, keys)
  const known = { store: DEMO_STORE, id: '', name: '', isDemo: true, openedMs: services.clock() }
  services.files.open(known)
  services.switchTo(DEMO_STORE)
  const ids = new Map<string, string>()
  const beltId = services.belt().store.transact(() => {
    const { store } = services.belt()
    services.transact(NOBODY, ({ write }) =>
      writeDrafts(
        write,
        drafts.filter((draft) => FIRST_TABLES.has(draft.table)),
        ids,
      ),
    )
    const id = ids.get('belt')!
    store.setMeta('beltId', id)
    store.setMeta('arbiter', 'self')
    store.setMeta('term', '1')
    store.setMeta('demoOpenedMs', String(services.clock()))
    return id
  })
  services.switchTo(DEMO_STORE)
  services.files.close()
  const { store } = services.belt()
  store.transact(() => {
    services.transact(NOBODY, ({ write }) => {
      writeDrafts(
        write,
        drafts.filter((draft) => !FIRST_TABLES.has(draft.table)),
        ids,
      )
      write.create('device', {
        name: services.files.deviceName,
        author: keys.author,
        baseId: ids.get('base/wendeng') ?? null,
      })
    })
    store.setMeta('demoReady', '1')
  })
  services.files.open({ ...services.belt().known, openedMs: services.clock() })
  return beltId
}

export const demoActions: Pick<ActionHandlers<typeof appContract>, 'app/openDemo'> = {
  'app/openDemo': (_, { services }) => {
    const known = services.files.list().find((belt) => belt.store === DEMO_STORE)
    if (known && services.files.exists(DEMO_STORE)) {
      if (services.openBelt()?.known.store !== DEMO_STORE) services.switchTo(DEMO_STORE)
      const open = services.openBelt()
      if (open?.store.meta('demoReady') === '1') return Promise.resolve({ beltId: open.info.id })
      services.closeBelt()
    }
    if (services.files.exists(DEMO_STORE) || known) services.files.remove(DEMO_STORE)
    const beltId = buildDemo(services)
    services.emit({ kind: 'changed', topics: ['app'] })
    return Promise.resolve({ beltId })
  },
}
