import { readonly, ref } from 'vue'

/** Difference between the belt's present and this machine's clock, ms; the demo belt lives in its own time. */
let offsetMs = 0
const now = ref(Date.now())
let timer: ReturnType<typeof setTimeout> | null = null

/** The belt's present, epoch ms. */
export const beltNow = () => Date.now() + offsetMs

function tick() {
  now.value = beltNow()
  timer = setTimeout(tick, 60_000 - (now.value % 60_000) + 20)
}

/** Called with the core's answer, so that screens follow the belt's clock. */
export function setBeltClock(nowMs: number): void {
  offsetMs = nowMs - Date.now()
  if (timer) clearTimeout(timer)
  tick()
}

/** The belt's present, stepping once a minute. */
export const useNow = () => readonly(now)
