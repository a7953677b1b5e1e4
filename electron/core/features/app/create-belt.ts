import type { z } from 'zod'
import type { appContract } from '../../../../shared/contract/app.ts'
import { makeKeys, recoveryCodeOf } from '../../keys.ts'
import { readReference, writeReference } from '../../reference.ts'
import type { Services } from '../../services.ts'

type Input = z.output<(typeof appContract)['app/createBelt']['input']>

interface MadeBelt {
  readonly beltId: string
  readonly personId: string
  /** The root key as text; shown once. */
  readonly recoveryCode: string
}

/** Founds a belt on this device: root key, the belt's own rows, its first base and administrator. This device arbitrates, term 1. */
export function createBelt(services: Services, input: Input): MadeBelt {
  const keys = makeKeys({ founder: true })
  const storeName = `belt-${keys.author}`
  services.keyFiles.save(storeName, keys)
  services.files.open({
    store: storeName,
    id: '',
    name: input.name,
    isDemo: false,
    openedMs: services.clock(),
  })
  services.switchTo(storeName)
  const { store } = services.belt()
  const actor = { connectionId: '', personId: null, role: null, baseId: null }
  const made = store.transact(() =>
    services.transact(actor, ({ write }) => {
      const beltId = write.create('belt', {
        name: input.name,
        shortName: input.shortName,
        trade: input.trade,
        countyCode: input.countyCode,
        province: input.province,
        tier: input.tier,
        timeZone: 'Asia/Shanghai',
        isDemo: false,
        demoNowMs: null,
      })
      const baseId = write.create('liveBase', { ...input.base })
      const personId = write.create('person', {
        name: input.administrator.name,
        shortName: input.administrator.name.slice(0, 4),
        role: 'administrator',
        baseId,
        active: true,
      })
      write.create('device', { name: services.files.deviceName, author: keys.author, baseId })
      write.create('fairSlotPolicy', {
        longTailQuotaPct: 30,
        headCapPct: 20,
        longTailTopPct: 20,
        primeStartMin: 19 * 60,
        primeEndMin: 22 * 60,
        slotToleranceMin: 10,
        slotDurationPct: 90,
      })
      writeReference(write, readReference(services.resourcesDir))
      store.setMeta('beltId', beltId)
      store.setMeta('arbiter', 'self')
      store.setMeta('term', '1')
      return { beltId, personId }
    }),
  )
  services.files.open({
    store: storeName,
    id: made.beltId,
    name: input.name,
    isDemo: false,
    openedMs: services.clock(),
  })
  services.switchTo(storeName)
  return { ...made, recoveryCode: recoveryCodeOf(keys.rootSeed!) }
}
