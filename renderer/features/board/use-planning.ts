import { computed, ref, watch } from 'vue'
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
  const proposals = useQuery('plan/proposals', {}, { topics: ['plan', 'proposal'] })
  const running = useQuery('plan/running', {}, { topics: ['plan'] })
  const detail = useQuery('plan/proposal', () => ({ proposalId: proposalId.value ?? '' }), {
    enabled: () => proposalId.value !== null,
    topics: ['plan', 'proposal'],
  })

  const newest = computed(() =>
    (proposals.data.value ?? []).reduce<string | null>((best, head, _, all) => {
      const current = all.find(({ id }) => id === best)
      return !current || head.createdMs > current.createdMs ? head.id : best
    }, null),
  )
  /** A solve started elsewhere (another window, an event) is followed too. */
  watch(running.data, (answer) => {
    if (answer?.jobId && jobId.value === null) jobId.value = answer.jobId
  })
  watch(job.outcome, async (ended) => {
    if (!ended) return
    outcome.value = ended
    jobId.value = null
    if (ended !== 'done') return
    await proposals.refresh()
    proposalId.value = newest.value
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
    newest,
    jobId,
    outcome,
    progress: job.progress,
    done: job.done,
    detail,
    proposals,
    error,
    starting: starting.busy,
    publishing: publishing.busy,
    discarding: discarding.busy,
    start,
    stop,
    publish,
    discard,
  }
}
