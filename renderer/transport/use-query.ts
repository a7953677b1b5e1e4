import { onScopeDispose, readonly, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import type { Call, Output, RequestName } from '../../shared/contract/index.ts'
import type { AppError, Result } from '../../shared/contract/result.ts'
import { beltNow } from '../app/clock.ts'
import { transport } from './transport.ts'

export interface QueryOptions {
  /** Tables or topics whose `changed` events call for a new read. */
  readonly topics?: readonly string[]
  /** While false nothing is read and the last answer stays. */
  readonly enabled?: MaybeRefOrGetter<boolean>
}

/** Many rows change together: one read for all the hints that arrive within this time. */
const GATHER_MS = 60

const underWay = new Map<string, Promise<Result<unknown>>>()

const SHARED_MS = 50
const EARLY_MS = 3000

const keyOf = (name: RequestName, input: unknown) => `${name} ${JSON.stringify(input)}`

function forget(key: string, answer: Promise<Result<unknown>>): void {
  if (underWay.get(key) === answer) underWay.delete(key)
}

/** Two places that ask the same thing within a moment share one answer; a change in between is never hidden. */
function ask<N extends RequestName>(name: N, input: Call<N>): Promise<Result<Output<N>>> {
  const key = keyOf(name, input)
  const known = underWay.get(key)
  const answer = known ?? transport().request(name, input)
  setTimeout(() => forget(key, answer), SHARED_MS)
  if (known) return known as Promise<Result<Output<N>>>
  underWay.set(key, answer)
  void answer.finally(() => forget(key, answer))
  return answer as Promise<Result<Output<N>>>
}

/** Asks for what the first screen will need while it is still being made; an answer nobody takes soon is dropped. */
export function askEarly<N extends RequestName>(name: N, input: Call<N>): void {
  const key = keyOf(name, input)
  const answer = transport().request(name, input)
  underWay.set(key, answer)
  setTimeout(() => forget(key, answer), EARLY_MS)
  void answer.then(({ ok }) => {
    if (!ok) forget(key, answer)
  })
}

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
  let pending: ReturnType<typeof setTimeout> | null = null

  async function refresh(): Promise<void> {
    if (!toValue(options.enabled ?? true)) return
    const mine = ++turn
    loading.value = true
    const result = await ask(name, toValue(input))
    if (mine !== turn) return
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
      underWay.clear()
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
    turn += 1
    if (pending) clearTimeout(pending)
    for (const stop of stops) stop()
  })
  return { data, error: readonly(error), loading: readonly(loading), asOfMs: readonly(asOfMs), refresh }
}
