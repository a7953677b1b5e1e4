import {
  computed,
  onScopeDispose,
  readonly,
  ref,
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
} from 'vue'
import type { AppEvent } from '../../shared/contract/event.ts'
import type { Call, Output, RequestName } from '../../shared/contract/index.ts'
import type { AppError, Result } from '../../shared/contract/result.ts'
import { transport } from './transport.ts'

/** Runs a command or an action; a second press while it runs is ignored by the caller's `busy`. */
export function useCommand<N extends RequestName>(name: N) {
  const running = ref(0)
  const error = shallowRef<AppError | null>(null)
  async function run(input: Call<N>): Promise<Result<Output<N>>> {
    running.value += 1
    error.value = null
    const result = await transport().request(name, input)
    running.value -= 1
    if (!result.ok) error.value = result.error
    return result
  }
  const clear = () => (error.value = null)
  return { run, busy: computed(() => running.value > 0), error: readonly(error), clear }
}

type Progress = Extract<AppEvent, { kind: 'progress' }>
type Outcome = Extract<AppEvent, { kind: 'finished' }>['outcome']

/** Follows long work by its job id: the last progress report, and how it ended. */
export function useJob(jobId: MaybeRefOrGetter<string | null>) {
  const progress = shallowRef<Progress | null>(null)
  const outcome = ref<Outcome | null>(null)
  watch(
    () => toValue(jobId),
    () => {
      progress.value = null
      outcome.value = null
    },
  )
  onScopeDispose(
    transport().on((event) => {
      if (event.kind === 'changed' || event.jobId !== toValue(jobId)) return
      if (event.kind === 'progress') progress.value = event
      else outcome.value = event.outcome
    }),
  )
  /** 0 to 1, or undefined while the total is unknown. */
  const done = computed(() =>
    progress.value?.total ? progress.value.done / progress.value.total : undefined,
  )
  return { progress: readonly(progress), done, outcome: readonly(outcome) }
}
