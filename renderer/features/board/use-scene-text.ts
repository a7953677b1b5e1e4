import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useFormat } from '../../app/format.ts'
import type { SceneText } from './paint/scene.ts'

/** The words the canvas draws; day and hour texts are kept, because every frame asks for the same few. */
export function useSceneText(nowMs: Ref<number>, frozenUntilMs: () => number) {
  const { t } = useI18n()
  const format = useFormat()
  const clock = (minutes: number) =>
    `${Math.floor(Math.abs(minutes) / 60)}:${String(Math.round(Math.abs(minutes)) % 60).padStart(2, '0')}`

  const cached = computed(() => {
    const days = new Map<number, string>()
    const hours = new Map<number, string>()
    const remember = (store: Map<number, string>, ms: number, make: (ms: number) => string) => {
      let text = store.get(ms)
      if (text === undefined) {
        text = make(ms)
        store.set(ms, text)
      }
      return text
    }
    return {
      day: (ms: number) => remember(days, ms, (at) => format.value.dateWeekday(at)),
      hour: (ms: number) => remember(hours, ms, (at) => format.value.time(at)),
    }
  })
  return computed<SceneText>(() => ({
    ...cached.value,
    night: t('board.night'),
    primeTime: t('board.primeTime'),
    frozenUntil:
      frozenUntilMs() > nowMs.value
        ? t('board.frozenUntil', { time: format.value.timeNear(frozenUntilMs(), nowMs.value) })
        : '',
    nowTime: format.value.time(nowMs.value),
    slack: (minutes, late) =>
      late ? t('board.slackLate', { time: clock(minutes) }) : t('board.slackLeft', { time: clock(minutes) }),
  }))
}
