import { computed, onScopeDispose, watch } from 'vue'
import { useQuery } from '../../transport/use-query.ts'

/** Bytes arrive without an event for each. */
const LOOK_MS = 1000

/** How this device stands with its hub, read again every second while it takes the belt over. */
export function useFirstSync(isWaiting: () => boolean = () => false) {
  const link = useQuery('sync/link', {}, { topics: ['sync', 'app'] })
  const first = computed(() => link.data.value?.firstSync ?? null)
  let timer: ReturnType<typeof setInterval> | undefined
  watch(
    () => first.value !== null || isWaiting(),
    (moves) => {
      clearInterval(timer)
      if (moves) timer = setInterval(() => void link.refresh(), LOOK_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearInterval(timer))
  return { link: link.data, first, refresh: link.refresh }
}
