import { useI18n } from 'vue-i18n'
import type { Sentence } from '../../shared/contract/planning.ts'
import { familyLabel } from '../../shared/domain/families.ts'
import { provinceLabel } from '../../shared/domain/provinces.ts'
import { useFormat } from './format.ts'

/** The text of a key made from what the core said, or `fallback` when there is no such text. */
export function useWordOr() {
  const i18n = useI18n()
  return (key: string, fallback: string, params: Record<string, string | number> = {}): string =>
    i18n.te(key) ? i18n.t(key, params) : fallback
}

export interface SentencePart {
  readonly text: string
  readonly strong: boolean
}

/** How the planner writes the minute of its plan that an instant is. */
const STAMP = /^(\d\d)-(\d\d) (\d\d:\d\d)$/
const OPEN = '\u2066'
const CLOSE = '\u2069'
const MARKS = /[\u2066\u2069]/g
/** Names are told plainly; times, figures and what is missing are what the eye should find first. */
const PLAIN = new Set(['merchant', 'title', 'name', 'sku', 'studio', 'owner'])
const STEPS: Readonly<Record<string, string>> = {
  sample: 'sample',
  qc: 'inspection',
  broadcast: 'broadcast',
  production: 'production',
  ship: 'pickup',
}
/** Parameters that are names of things the product has words for; any other text comes from outside and stays as it is. */
const KEY_OF: Readonly<Record<string, (value: string) => string>> = {
  kind: (value) => `common.chain.${STEPS[value] ?? value}`,
  step: (value) => `common.chain.${STEPS[value] ?? value}`,
  rule: (value) => `rule.${value}.short`,
  document: (value) => `rule.document.${value}`,
  cause: (value) => `plan.cause.${value}`,
  tier: (value) => `plan.tier.${value}`,
  reason: (value) => `say.refusal.${value}`,
  verdict: (value) => `sync.verdict.${value}`,
  what: (value) => `sync.kind.${value}`,
  table: (value) => `field.table.${value}`,
}

/**
 * Turns a sentence of the core into words. Figures arrive raw and are named by their unit: `…Ms` is an instant, `…Min` a
 * duration, `…Fen` money; the text's placeholders have the same names. A `kind` or `step` is named in words.
 */
export function useSentence() {
  const i18n = useI18n()
  const { t, locale } = i18n
  const format = useFormat()
  // i18n-dynamic: common.chain.* rule.* plan.* say.* sync.verdict.* sync.kind.* field.table.*

  function word(name: string, value: string | number): string {
    if (typeof value === 'number') {
      if (name.endsWith('Ms')) return `${format.value.date(value)} ${format.value.time(value)}`
      if (name.endsWith('Min') || name === 'minutes') return format.value.duration(value)
      if (name.endsWith('Fen')) return format.value.yuan(value)
      // An emission factor is quoted with the four digits it is published with.
      if (name === 'factor') return format.value.number(value, 4)
      return format.value.number(value, Number.isInteger(value) ? 0 : 1)
    }
    if (name.toLowerCase().endsWith('family')) return familyLabel(value, locale.value)
    const stamp = name.endsWith('Min') ? STAMP.exec(value) : null
    if (stamp) return `${format.value.monthDay(Number(stamp[1]), Number(stamp[2]))} ${stamp[3]}`
    if (name === 'province') return provinceLabel(value, locale.value)
    const key = KEY_OF[name]?.(value)
    return key !== undefined && i18n.te(key) ? t(key) : value
  }

  function write(sentence: Sentence, mark: (name: string, text: string) => string): string {
    const params = Object.fromEntries(
      Object.entries(sentence.params).map(([name, value]) => {
        // A name with an English form of its own comes twice: `law` and `lawEn`.
        const english = locale.value === 'en' ? sentence.params[`${name}En`] : undefined
        return [name, mark(name, word(name, english ?? value))]
      }),
    )
    return i18n.te(sentence.key) ? t(sentence.key, params) : Object.values(params).join(' · ')
  }

  const plain = (sentence: Sentence): string => write(sentence, (_name, text) => text)
  /** The same words with the figures set apart, for an opening sentence. */
  const parts = (sentence: Sentence): SentencePart[] =>
    write(sentence, (name, text) => {
      const clean = text.replace(MARKS, '')
      return PLAIN.has(name) ? clean : OPEN + clean + CLOSE
    })
      .split(MARKS)
      .map((text, index) => ({ text, strong: index % 2 === 1 }))
      .filter(({ text }) => text !== '')
  return Object.assign(plain, { parts })
}
