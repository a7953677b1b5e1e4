import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Refusal } from '../../../shared/contract/result.ts'
import { DEMO_STORE } from '../belts.ts'
import type { CorePort } from './port.ts'

const stateSchema = z.object({
  phase: z.string(),
  belt: z.object({ isDemo: z.boolean() }).nullable(),
  people: z.array(z.object({ name: z.string(), hasPin: z.boolean() })),
})
export type BeginState = z.infer<typeof stateSchema>

/** Runs one exchange with the core on a connection of its own. */
async function withConnection<T>(core: CorePort, run: (id: string) => Promise<T>): Promise<T> {
  const id = core.openConnection({ kind: 'window', remote: false })
  try {
    return await run(id)
  } finally {
    core.closeConnection(id)
  }
}

/** What the core shows on its start screen. */
export function readState(core: CorePort): Promise<BeginState> {
  return withConnection(core, async (id) => {
    const result = await core.request(id, 'app/state', {})
    if (!result.ok) throw new Refusal(result.error.code, result.error.details)
    return stateSchema.parse(result.value)
  })
}

/** Whether the demo belt has been made; making it takes seconds. */
export const hasDemo = (dataDir: string): boolean => existsSync(join(dataDir, 'belts', `${DEMO_STORE}.db`))

/** Opens the demo belt, making it first where there is none yet. Throws a Refusal with the core's reason. */
export async function openDemo(core: CorePort): Promise<void> {
  const { belt } = await readState(core)
  if (belt?.isDemo) return
  const result = await withConnection(core, (id) => core.request(id, 'app/openDemo', {}))
  if (!result.ok) throw new Refusal(result.error.code, result.error.details)
}
