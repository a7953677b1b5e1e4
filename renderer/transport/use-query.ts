import { onScopeDispose, readonly, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import type { Call, Output, RequestName } from '../../shared/contract/index.ts'
import type { AppError } from '../../shared/contract/result.ts'
import { beltNow } from '../app/clock.ts'
import { ask, forgetAnswers } from './ask.ts'
import { transport } from './transport.ts'

export interface QueryOptions {
  /** Tables or topics whose `changed` events call for a new read. */
  readonly topics?: readonly string[]
  /** While false nothing is read and the last answer stays. */
  readonly enabled?: MaybeRefOrGetter<boolean>
}

/** Many rows change together: one read for all the hints that arrive within this time. */
const GATHER_MS = 60

/**
 * Reads `name` now, when its input changes, when a `changed` event names one of its topics, and when the link returns.
 * The last good answer stays on screen meanwhile; `asOfMs` says when it was read.
 */
export function useQuery<N extends RequestName>(
  name: N,
  input: MaybeRefOrGetter<Call<N>>,
  options: QueryOptions = {},
) {
  const data = shallowRef<Output<N> | null>(null)
  const error = shallowRef<AppError | null>(null)
  const loading = ref(false)
  const asOfMs = ref<number | null>(null)
  let turn = 0
  let newest: Promise<void> = Promise.resolve()
  let pending: ReturnType<typeof setTimeout> | null = null

  /** Settles when the answer to the newest question is here, also when that was asked later than this one. */
  function refresh(): Promise<void> {
    if (toValue(options.enabled ?? true)) newest = read(++turn)
    return newest
  }

  async function read(mine: number): Promise<void> {
    loading.value = true
    const result = await ask(name, toValue(input))
    if (mine < turn) return newest
    if (mine > turn) return
    loading.value = false
    if (result.ok) {
      data.value = result.value
      error.value = null
      asOfMs.value = beltNow()
    } else error.value = result.error
  }

  function soon() {
    pending ??= setTimeout(() => {
      pending = null
      void refresh()
    }, GATHER_MS)
  }

  const stops = [
    transport().on((event) => {
      if (event.kind !== 'changed' || !event.topics.some((topic) => options.topics?.includes(topic))) return
      forgetAnswers()
      soon()
    }),
    transport().onLink((state) => {
      if (state === 'up' && error.value?.code === 'connection-lost') soon()
    }),
  ]
  watch(
    [() => JSON.stringify(toValue(input)), () => toValue(options.enabled ?? true)],
    () => void refresh(),
    {
      immediate: true,
    },
  )
  onScopeDispose(() => {
    turn = 0
    if (pending) clearTimeout(pending)
    for (const stop of stops) stop()
  })
  return { data, error: readonly(error), loading: readonly(loading), asOfMs: readonly(asOfMs), refresh }
}
