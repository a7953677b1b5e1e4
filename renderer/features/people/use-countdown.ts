import { onScopeDispose, readonly, ref } from 'vue'

/** Whole seconds left until an instant of this machine's clock; 0 once it has passed. */
export function useCountdown() {
  const leftS = ref(0)
  let endMs = 0
  let timer: ReturnType<typeof setInterval> | null = null

  function tick() {
    leftS.value = Math.max(0, Math.ceil((endMs - Date.now()) / 1000))
    if (leftS.value === 0 && timer) {
      clearInterval(timer)
      timer = null
    }
  }
  function until(nextMs: number | null) {
    endMs = nextMs ?? 0
    tick()
    if (leftS.value > 0) timer ??= setInterval(tick, 250)
  }
  onScopeDispose(() => timer && clearInterval(timer))
  return { leftS: readonly(leftS), until }
}
