import { onBeforeUnmount, onMounted } from 'vue'
import { useRouter } from 'vue-router'
import { isTyping } from '../../ui/keys.ts'
import { railFeatures } from '../features.ts'
import { useSession } from '../stores/session.ts'

/** How long after `g` its letter is awaited, ms. */
const LETTER_MS = 1_500

/** Ctrl+K, `?`, and `g` followed by a screen's letter. */
export function useShellKeys(actions: { openCommandBar: () => void; toggleHelp: () => void }): void {
  const router = useRouter()
  const session = useSession()
  let goUntilMs = 0

  function onKey(event: KeyboardEvent) {
    if (!session.ready) return
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      actions.openCommandBar()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return
    if (event.key === '?') {
      event.preventDefault()
      actions.toggleHelp()
    } else if (performance.now() < goUntilMs) {
      goUntilMs = 0
      const letter = event.key.toLowerCase()
      const target = railFeatures(session.role).find(({ rail }) => rail?.letter === letter)
      if (target?.rail) {
        event.preventDefault()
        void router.push(target.rail.path)
      }
    } else if (event.key === 'g') goUntilMs = performance.now() + LETTER_MS
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey))
}
