import { onScopeDispose, readonly, shallowRef } from 'vue'
import type { AppError } from '../../../shared/contract/result.ts'
import type { ShellInfo } from '../../../shared/contract/shell.ts'
import { transport } from '../../transport/transport.ts'

const REREAD_MS = 10_000

/** How this cockpit is reached and who is connected, read from the shell. */
export function useShellInfo() {
  const info = shallowRef<ShellInfo | null>(null)
  const error = shallowRef<AppError | null>(null)
  const invitation = shallowRef<{ url: string; expiresMs: number } | null>(null)

  async function refresh() {
    const result = await transport().shell('shell/info', {})
    if (result.ok) info.value = result.value
    error.value = result.ok ? null : result.error
  }
  async function invite() {
    const result = await transport().shell('shell/invite', {})
    if (result.ok) invitation.value = result.value
    else error.value = result.error
  }
  const timer = setInterval(() => void refresh(), REREAD_MS)
  onScopeDispose(() => clearInterval(timer))
  void refresh()
  return { info: readonly(info), error: readonly(error), invitation: readonly(invitation), refresh, invite }
}
