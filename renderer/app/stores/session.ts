import { defineStore } from 'pinia'
import { computed, readonly, ref, shallowRef } from 'vue'
import type { AppState } from '../../../shared/contract/app.ts'
import type { Role } from '../../../shared/contract/define.ts'
import type { AppError, Result } from '../../../shared/contract/result.ts'
import { ask } from '../../transport/ask.ts'
import { transport } from '../../transport/transport.ts'
import { setBeltClock } from '../clock.ts'
import { displayZone } from '../format.ts'
import { rememberBase, rememberedBase } from '../scope.ts'

const topics = ['app', 'people', 'belt', 'person', 'liveBase']

/** Which belt is open, who is signed in, and which base the screens look at. */
export const useSession = defineStore('session', () => {
  const state = shallowRef<AppState | null>(null)
  const error = shallowRef<AppError | null>(null)
  /** Base chosen in the scope switch; null looks at the whole belt. */
  const chosenBaseId = ref<string | null>(rememberedBase())

  const recoveryCode = ref<string | null>(null)

  const belt = computed(() => state.value?.belt ?? null)
  const person = computed(() => state.value?.person ?? null)
  const role = computed<Role | null>(() => person.value?.role ?? null)
  const bases = computed(() => state.value?.bases ?? [])
  const base = computed(() => bases.value.find(({ id }) => id === chosenBaseId.value) ?? null)
  const canWrite = computed(() => role.value !== null && role.value !== 'official')

  /** Somebody is signed in and the screens may be shown. */
  const ready = computed(() => state.value?.phase === 'ready' && recoveryCode.value === null)

  const refresh = (): Promise<void> => take(transport().request('app/state', {}))

  async function take(answer: Promise<Result<AppState>>): Promise<void> {
    const result = await answer
    if (!result.ok) {
      error.value = result.error
      return
    }
    error.value = null
    state.value = result.value
    setBeltClock(result.value.nowMs)
    if (result.value.belt) displayZone.value = result.value.belt.timeZone
  }

  /** Reads the state and follows its changes for the life of the page. */
  async function start(): Promise<void> {
    transport().on((event) => {
      if (event.kind === 'changed' && event.topics.some((topic) => topics.includes(topic))) void refresh()
    })
    transport().onLink((link) => {
      if (link === 'up' && state.value) void refresh()
    })
    await take(ask('app/state', {}))
  }

  function chooseBase(baseId: string | null) {
    chosenBaseId.value = baseId
    rememberBase(baseId)
  }

  /** Held from the belt's creation until the person says it is written down; null lets it go. */
  function keepRecoveryCode(code: string | null) {
    recoveryCode.value = code
  }

  async function signOut() {
    await transport().request('session/close', {})
    await refresh()
  }

  return {
    state,
    error,
    belt,
    person,
    role,
    bases,
    base,
    chosenBaseId: readonly(chosenBaseId),
    canWrite,
    ready,
    recoveryCode: readonly(recoveryCode),
    refresh,
    start,
    chooseBase,
    keepRecoveryCode,
    signOut,
  }
})
