import { useI18n } from 'vue-i18n'
import type { Sentence } from '../../../shared/contract/planning.ts'
import { useFormat } from '../../app/format.ts'

type Params = Record<string, string | number>

/**
 * Turns a sentence of the core into words. Figures arrive raw and are named by their unit: `…Ms` is an instant, `…Min` a
 * duration, `…Fen` money; the text's placeholders have the same names. A `kind` of step is named in words.
 */
export function useSentence() {
  const { t, te } = useI18n()
  const format = useFormat()
  // i18n-dynamic: common.chain.*
  const steps: Record<string, string> = {
    sample: 'sample',
    qc: 'inspection',
    broadcast: 'broadcast',
    production: 'production',
    ship: 'pickup',
  }

  function word(name: string, value: string | number): string | number {
    if (typeof value === 'number') {
      if (name.endsWith('Ms')) return `${format.value.date(value)} ${format.value.time(value)}`
      if (name.endsWith('Min') || name === 'minutes') return format.value.duration(value)
      if (name.endsWith('Fen')) return format.value.yuan(value)
      return format.value.number(value, Number.isInteger(value) ? 0 : 1)
    }
    const step = name === 'kind' || name === 'step' ? steps[value] : undefined
    return step ? t(`common.chain.${step}`) : value
  }

  return (sentence: Sentence): string => {
    const params: Params = {}
    for (const [name, value] of Object.entries(sentence.params)) params[name] = word(name, value)
    return te(sentence.key) ? t(sentence.key, params) : Object.values(params).join(' · ')
  }
}
