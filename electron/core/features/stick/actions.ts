import { rmSync } from 'node:fs'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { stickContract, StickState } from '../../../../shared/contract/stick.ts'
import type { Actor, ActionHandlers } from '../../context.ts'
import type { Services } from '../../services.ts'
import { requireLink } from './own.ts'
import { readStick } from './read.ts'
import { writeStick } from './write.ts'

const MAX_FILE_BYTES = 512 * 1024 * 1024

export const stickActions: ActionHandlers<typeof stickContract> = {
  'stick/export': ({ encrypted }, { services }) => writeStick(services, encrypted),
  'stick/import': async ({ fileHandle }, { services }) => {
    const file = services.takeFile(fileHandle)
    if (!file) throw new Refusal('file-gone')
    try {
      if (file.sizeBytes > MAX_FILE_BYTES) throw new Refusal('file-too-large')
      return await readStick(services, file.path)
    } finally {
      if (file.ephemeral) rmSync(file.path, { force: true })
    }
  },
}

const timeOf = (text: string | null): number | null => (text === null ? null : Number(text))

export const stickCoreQueries = {
  'stick/state': (_: never, { services }: { actor: Actor; services: Services }): StickState => {
    const belt = services.belt()
    const { store } = belt
    let why: StickState['why'] = null
    try {
      requireLink(belt)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      why = error.error
    }
    return {
      ready: why === null,
      why,
      waiting: services.sync.link().waiting,
      lastExportMs: timeOf(store.meta('stickExportMs')),
      lastImportMs: timeOf(store.meta('stickImportMs')),
    }
  },
}
