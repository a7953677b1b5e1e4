import { computed, onScopeDispose, ref, shallowRef, type Ref } from 'vue'
import type { Output } from '../../../shared/contract/index.ts'
import type { AppError } from '../../../shared/contract/result.ts'
import { transport } from '../../transport/transport.ts'
import type { BoardLayout } from './model/layout.ts'
import { hasMoved, type Carry } from './model/move.ts'

export type Trial = Output<'plan/tryMove'>
export interface Target {
  readonly taskKey: string
  readonly laneId: string
  readonly startMs: number
}

/** The core is asked once the bar has rested this long, ms. */
const REST_MS = 120
const MAX_ALTERNATIVES = 3

/**
 * Carrying a bar: asks the core what the present place would cost while it is carried, and moves it when dropped.
 * A refused drop puts the bar back and keeps the reasons with up to three places that would do.
 */
export function useCarry(proposalId: Ref<string | null>, onMoved: (proposalId: string) => void) {
  const carry = shallowRef<Carry | null>(null)
  const trial = shallowRef<Trial | null>(null)
  const refusal = shallowRef<{ carry: Carry; trial: Trial } | null>(null)
  const error = shallowRef<AppError | null>(null)
  const busy = ref(false)
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | null = null

  const alternatives = computed(
    () => (refusal.value?.trial ?? trial.value)?.alternatives.slice(0, MAX_ALTERNATIVES) ?? [],
  )

  function forget() {
    turn += 1
    if (timer) clearTimeout(timer)
    timer = null
    trial.value = null
  }

  async function ask(target: Carry): Promise<Trial | null> {
    const mine = ++turn
    const result = await transport().request('plan/tryMove', {
      proposalId: proposalId.value,
      taskKey: target.bar.item.taskKey,
      laneId: target.laneId,
      startMs: target.startMs,
    })
    if (mine !== turn) return null
    if (!result.ok) {
      error.value = result.error
      return null
    }
    trial.value = result.value
    return result.value
  }

  function start(next: Carry) {
    forget()
    refusal.value = null
    error.value = null
    carry.value = next
  }

  function update(next: Carry) {
    const before = carry.value
    if (before && before.row === next.row && before.startMs === next.startMs) return
    carry.value = next
    forget()
    if (hasMoved(next)) timer = setTimeout(() => void ask(next), REST_MS)
  }

  function cancel() {
    forget()
    carry.value = null
  }

  async function moveTo(target: Target): Promise<void> {
    if (busy.value) return
    busy.value = true
    const result = await transport().request('plan/move', { proposalId: proposalId.value, ...target })
    busy.value = false
    forget()
    carry.value = null
    if (!result.ok) {
      error.value = result.error
      return
    }
    refusal.value = null
    onMoved(result.value.proposalId)
  }

  async function drop(layout: BoardLayout): Promise<void> {
    const held = carry.value
    if (!held) return
    if (!hasMoved(held) || !layout.rows[held.row]) return cancel()
    if (timer) clearTimeout(timer)
    const answer = trial.value ?? (await ask(held))
    if (!answer) return cancel()
    if (!answer.feasible) {
      cancel()
      refusal.value = { carry: held, trial: answer }
      return
    }
    await moveTo({ taskKey: held.bar.item.taskKey, laneId: held.laneId, startMs: held.startMs })
  }

  async function chooseAlternative(no: number): Promise<void> {
    const chosen = alternatives.value[no - 1]
    const taskKey = (refusal.value?.carry ?? carry.value)?.bar.item.taskKey
    if (chosen && taskKey) await moveTo({ taskKey, laneId: chosen.laneId, startMs: chosen.startMs })
  }

  function dismiss() {
    refusal.value = null
    error.value = null
  }

  onScopeDispose(forget)
  return {
    carry,
    trial,
    refusal,
    error,
    busy,
    alternatives,
    start,
    update,
    cancel,
    drop,
    moveTo,
    chooseAlternative,
    dismiss,
  }
}
