import type { Call } from '../../../shared/contract/index.ts'

/** What the person has typed so far; times as `HH:MM`. */
export interface WizardAnswers {
  baseName: string
  baseShortName: string
  kind: 'rural' | 'cluster'
  networkProfile: 'fibre' | '4g' | 'poor'
  open: string
  close: string
  beltName: string
  beltShortName: string
  trade: string
  personName: string
  pin: string
  pinAgain: string
}

export type WizardField = keyof WizardAnswers
/** Field → message key of what is wrong with it. */
export type WizardProblems = Partial<Record<WizardField, string>>

export const emptyAnswers = (): WizardAnswers => ({
  baseName: '',
  baseShortName: '',
  kind: 'rural',
  networkProfile: '4g',
  open: '08:00',
  close: '04:00',
  beltName: '',
  beltShortName: '',
  trade: '',
  personName: '',
  pin: '',
  pinAgain: '',
})

/** Minutes from midnight, or null for what is not a time of day. */
export function parseClock(text: string): number | null {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? []
  if (hours === undefined || minutes === undefined || Number(hours) > 24 || Number(minutes) > 59) return null
  const total = Number(hours) * 60 + Number(minutes)
  return total <= 1440 ? total : null
}

/** Opening hours as minutes from midnight; a closing time not after the opening is on the next day. */
export function readHours(open: string, close: string): { openMin: number; closeMin: number } | null {
  const from = parseClock(open)
  const to = parseClock(close)
  if (from === null || to === null || from === 1440) return null
  return { openMin: from, closeMin: to > from ? to : to + 1440 }
}

/** The first characters of a name, without the words every base shares. */
export function suggestShortName(name: string): string {
  const bare = name.trim().replace(/(直播)?基地$|产业带$|\s*(live )?base$|\s*belt$/iu, '')
  return [...(bare || name.trim())].slice(0, /[\u4e00-\u9fff]/.test(bare) ? 3 : 8).join('')
}

const isEasy = (pin: string) =>
  /^(\d)\1+$/.test(pin) || '01234567890123'.includes(pin) || '98765432109876'.includes(pin)

export const wizardPages: readonly (readonly WizardField[])[] = [
  ['baseName', 'baseShortName', 'kind', 'networkProfile', 'open', 'close'],
  ['beltName', 'beltShortName', 'trade'],
  ['personName', 'pin', 'pinAgain'],
]

/** What keeps the person from going on from page `page`. */
export function checkPage(answers: WizardAnswers, page: number): WizardProblems {
  const problems: WizardProblems = {}
  const need = (field: WizardField) => {
    if (answers[field].trim() === '') problems[field] = 'firstRun.wrong.empty'
  }
  if (page === 0) {
    need('baseName')
    if (!readHours(answers.open, answers.close)) problems.close = 'firstRun.wrong.hours'
  } else if (page === 1) need('beltName')
  else {
    need('personName')
    if (!/^\d{4,12}$/.test(answers.pin)) problems.pin = 'firstRun.wrong.pinShape'
    else if (isEasy(answers.pin)) problems.pin = 'firstRun.wrong.pinEasy'
    else if (answers.pin !== answers.pinAgain) problems.pinAgain = 'firstRun.wrong.pinAgain'
  }
  return problems
}

/** The command's input. @throws RangeError when a page was not checked first. */
export function toCall(answers: WizardAnswers): Call<'app/createBelt'> {
  const hours = readHours(answers.open, answers.close)
  if (!hours) throw new RangeError('opening hours were not checked')
  const shortOf = (short: string, name: string) => short.trim() || suggestShortName(name)
  return {
    name: answers.beltName.trim(),
    shortName: shortOf(answers.beltShortName, answers.beltName),
    trade: answers.trade.trim(),
    base: {
      name: answers.baseName.trim(),
      shortName: shortOf(answers.baseShortName, answers.baseName),
      kind: answers.kind,
      networkProfile: answers.networkProfile,
      ...hours,
    },
    administrator: { name: answers.personName.trim(), pin: answers.pin },
  }
}
