import { CONTRACT } from '../../shared/contract/index.ts'
import type { Contract } from '../../shared/contract/define.ts'

/**
 * Over the network a person may sign in and read what the sign-in screen shows; deciding which belt this machine has
 * open, restoring backups and the like stay with whoever sits at it.
 */
export function isOpenToRemote(name: string): boolean {
  const contract: Contract = CONTRACT
  const spec = Object.hasOwn(contract, name) ? contract[name] : undefined
  if (spec === undefined || spec.access !== 'anyone' || spec.kind === 'query') return true
  return name === 'session/open' || name === 'session/close'
}
