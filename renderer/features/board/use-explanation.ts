import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { Explanation } from '../../../shared/contract/planning.ts'
import type { AppError } from '../../../shared/contract/result.ts'
import { transport } from '../../transport/transport.ts'
import type { PlacedBar } from './model/layout.ts'

/** Arrows held down pass over bars: only one that stays selected this long is explained, ms. */
const SETTLE_MS = 120

/** What the core says of the selected bar. An answer that comes after the selection moved on is dropped. */
export function useExplanation(selected: Ref<PlacedBar | null>, proposalId: Ref<string | null>) {
  const explanation = shallowRef<Explanation | null>(null)
  const error = shallowRef<AppError | null>(null)
  const loading = ref(false)

  watch(
    [() => selected.value?.item, () => selected.value?.proposed, proposalId],
    ([item], _before, onCleanup) => {
      error.value = null
      if (explanation.value?.taskKey !== item?.taskKey) explanation.value = null
      if (!item) return
      let stale = false
      const version = selected.value?.proposed ? 'proposal' : 'published'
      const timer = setTimeout(() => {
        loading.value = true
        void transport()
          .request('plan/explain', { taskKey: item.taskKey, version, proposalId: proposalId.value })
          .then((result) => {
            if (stale) return
            loading.value = false
            if (result.ok) explanation.value = result.value
            else error.value = result.error
          })
      }, SETTLE_MS)
      onCleanup(() => {
        stale = true
        loading.value = false
        clearTimeout(timer)
      })
    },
  )
  const chain = computed(() => explanation.value?.chain ?? [])
  return { explanation, error, loading, chain }
}
