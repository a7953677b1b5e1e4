import { computed, ref, watch } from 'vue'
import { transport } from '../../transport/transport.ts'
import { useCommand, useJob } from '../../transport/use-command.ts'
import { useQuery } from '../../transport/use-query.ts'

/** The way from "plan" to a published version: solving, the proposal that came out, publishing or discarding it. */
export function usePlanning() {
  const proposalId = ref<string | null>(null)
  const jobId = ref<string | null>(null)
  const outcome = ref<'done' | 'cancelled' | 'failed' | null>(null)

  const starting = useCommand('plan/start')
  const stopping = useCommand('plan/stop')
  const publishing = useCommand('plan/publish')
  const discarding = useCommand('plan/discard')
  const job = useJob(jobId)
  const running = useQuery('plan/running', {}, { topics: ['plan'] })
  const waiting = useQuery('plan/proposals', {}, { topics: ['proposal', 'plan', 'replan'] })
  /** An answer may be worked out anew, or dropped, while it is on screen: the newest takes its place. */
  watch(waiting.data, (heads) => {
    const id = proposalId.value
    if (!heads || id === null) return
    if (heads.some((head) => head.id === id || head.better?.proposalId === id)) return
    proposalId.value = heads[0]?.id ?? null
  })
  /** The simple plan of the solve that runs, as soon as it is there. */
  const simpleReady = computed(() => {
    const newest = waiting.data.value?.[0]
    return jobId.value !== null && newest?.kind === 'simple' && newest.better === null ? newest.id : null
  })
  const detail = useQuery('plan/proposal', () => ({ proposalId: proposalId.value ?? '' }), {
    enabled: () => proposalId.value !== null,
    topics: ['plan', 'proposal'],
  })

  const ended = new Set<string>()
  /** A solve started elsewhere (another window, an event) is followed too. */
  watch(running.data, (answer) => {
    if (answer?.jobId && jobId.value === null && !ended.has(answer.jobId)) jobId.value = answer.jobId
  })
  watch(job.outcome, async (how) => {
    if (!how) return
    if (jobId.value) ended.add(jobId.value)
    outcome.value = how
    jobId.value = null
    if (how === 'done') proposalId.value = await readNewest()
  })

  async function readNewest(): Promise<string | null> {
    const result = await transport().request('plan/proposals', {})
    if (!result.ok) return null
    return [...result.value].sort((a, b) => b.createdMs - a.createdMs)[0]?.id ?? null
  }

  // A proposal that waits from before the screen was opened is compared again.
  void readNewest().then((id) => {
    proposalId.value ??= id
  })

  async function start(reason: string) {
    outcome.value = null
    const result = await starting.run({ reason })
    if (result.ok) jobId.value = result.value.jobId
  }
  async function stop(keep: boolean) {
    if (jobId.value) await stopping.run({ jobId: jobId.value, keep })
  }
  async function publish(reason: string) {
    if (!proposalId.value) return null
    const result = await publishing.run({ proposalId: proposalId.value, reason })
    if (!result.ok) return null
    proposalId.value = null
    return result.value
  }
  /** Shows another proposal, for example the optimiser's beside a simple plan. */
  const twinOf = ref<Readonly<Record<string, string>>>({})
  function take(id: string) {
    if (proposalId.value && !twinOf.value[proposalId.value])
      twinOf.value = { ...twinOf.value, [id]: proposalId.value }
    proposalId.value = id
  }
  const simpleId = computed(() => (proposalId.value ? (twinOf.value[proposalId.value] ?? null) : null))
  async function discard() {
    if (!proposalId.value) return
    const result = await discarding.run({ proposalId: proposalId.value })
    if (result.ok) proposalId.value = null
  }
  const error = computed(
    () => starting.error.value ?? stopping.error.value ?? publishing.error.value ?? discarding.error.value,
  )

  return {
    proposalId,
    jobId,
    outcome,
    progress: job.progress,
    done: job.done,
    detail,
    error,
    starting: starting.busy,
    publishing: publishing.busy,
    discarding: discarding.busy,
    start,
    stop,
    publish,
    discard,
    take,
    simpleReady,
    simpleId,
  }
}
