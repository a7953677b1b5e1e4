import { Refusal } from '../../../../shared/contract/result.ts'
import type { Actor } from '../../context.ts'
import { makeKeys, readRecoveryCode } from '../../keys.ts'
import type { Services } from '../../services.ts'

/**
 * Opens a belt whose keys cannot be opened here any more under new ones; to its hub and its own log it is a stranger then.
 * @throws Refusal `not-allowed` from another machine and while the keys are merely locked, `recovery-code-wrong`
 */
export async function replaceKeys(services: Services, actor: Actor, recoveryCode: string): Promise<void> {
  const { files, keyFiles } = services
  const code = services.trouble()?.error.code
  const known = files.current
  if (
    services.isRemote(actor.connectionId) ||
    !known ||
    !(code === 'keys-elsewhere' || code === 'keys-damaged')
  )
    throw new Refusal('not-allowed', { role: '' })
  const rootSeed = readRecoveryCode(recoveryCode)
  await keyFiles.prepare()
  keyFiles.setAside(known.store, services.clock())
  keyFiles.save(known.store, { ...makeKeys({ founder: false }), rootSeed })
  services.switchTo(known.store)
  services.emit({ kind: 'changed', topics: ['app'] })
}
