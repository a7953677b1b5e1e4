import { describe, expect, it } from 'vitest'
import { appContract } from '../../../shared/contract/app.ts'
import {
  checkPage,
  emptyAnswers,
  parseClock,
  readHours,
  suggestShortName,
  toCall,
} from '../../../renderer/features/first-run/wizard.ts'
import { checkInvitation, readInvitation } from '../../../renderer/features/sync/invitation.ts'
import { fromPolicy, toPolicy } from '../../../renderer/features/settings/policy.ts'
import { formatEnrolCode } from '../../../shared/wire/enrol-code.ts'
import { settingsContract } from '../../../shared/contract/settings.ts'

const filled = () => ({
  ...emptyAnswers(),
  baseName: '文登基地',
  beltName: '威海渔具产业带',
  personName: '于敏',
  pin: '4071',
  pinAgain: '4071',
})

describe('opening hours', () => {
  it('may end on the next day', () => {
    expect(readHours('08:00', '04:00')).toEqual({ openMin: 480, closeMin: 1680 })
    expect(readHours('08:00', '22:00')).toEqual({ openMin: 480, closeMin: 1320 })
    expect(readHours('08:00', '24:00')).toEqual({ openMin: 480, closeMin: 1440 })
  })
  it('are refused when they are no times', () => {
    for (const wrong of ['', '8', '25:00', '12:60', '24:01', 'noon']) expect(parseClock(wrong)).toBeNull()
    expect(readHours('08:00', 'late')).toBeNull()
  })
})

describe('short names', () => {
  it('leave out what every base is called', () => {
    expect(suggestShortName('文登基地')).toBe('文登')
    expect(suggestShortName('威海渔具产业带')).toBe('威海渔')
    expect(suggestShortName('Wendeng base')).toBe('Wendeng')
    expect(suggestShortName('基地')).toBe('基地')
    expect(suggestShortName('')).toBe('')
  })
})

describe('the wizard', () => {
  it('lets a filled page pass and names the fields of an empty one', () => {
    expect([0, 1, 2].map((page) => checkPage(filled(), page))).toEqual([{}, {}, {}])
    expect(Object.keys(checkPage(emptyAnswers(), 0))).toEqual(['baseName'])
    expect(Object.keys(checkPage(emptyAnswers(), 2))).toEqual(['personName', 'pin'])
  })
  it('refuses a PIN anybody would guess, a short one, and two that differ', () => {
    const pin = (value: string, again = value) => checkPage({ ...filled(), pin: value, pinAgain: again }, 2)
    expect(pin('1234')).toEqual({ pin: 'firstRun.wrong.pinEasy' })
    expect(pin('7777')).toEqual({ pin: 'firstRun.wrong.pinEasy' })
    expect(pin('407')).toEqual({ pin: 'firstRun.wrong.pinShape' })
    expect(pin('4071', '4072')).toEqual({ pinAgain: 'firstRun.wrong.pinAgain' })
  })
  it('ends in a call the contract accepts', () => {
    const call = toCall(filled())
    expect(appContract['app/createBelt'].input.safeParse(call).success).toBe(true)
    expect(call.base).toMatchObject({ shortName: '文登', openMin: 480, closeMin: 1680 })
  })
})

describe('a hub’s invitation', () => {
  const code = formatEnrolCode({
    secret: Uint8Array.from({ length: 16 }, (_, index) => index * 13),
    hubFingerprint: Uint8Array.from({ length: 16 }, (_, index) => 255 - index),
    tlsFingerprint: null,
  })
  it('is found in a pasted message', () => {
    expect(readInvitation(`枢纽：https://hub.weihai.example:8443 。\n接入码 ${code}，24 小时内有效`)).toEqual(
      {
        url: 'https://hub.weihai.example:8443',
        code,
      },
    )
  })
  it('is found without hyphens and over spaces', () => {
    expect(readInvitation(code.replaceAll('-', '')).code).toBe(code.replaceAll('-', ''))
    expect(readInvitation(code.replaceAll('-', ' ')).code).toBe(code)
  })
  it('does not take ordinary words for a code', () => {
    expect(readInvitation('please call the base manager before noon today')).toEqual({ url: '', code: '' })
  })
  it('says what is missing', () => {
    expect(checkInvitation({ url: 'hub', code })).toBe('sync.join.noUrl')
    expect(checkInvitation({ url: 'ftp://hub', code })).toBe('sync.join.noUrl')
    expect(checkInvitation({ url: 'http://127.0.0.1:4000', code: 'AG7X' })).toBe('sync.join.noCode')
    expect(checkInvitation({ url: 'http://127.0.0.1:4000', code })).toBeNull()
  })
})

describe('the fair-slot policy form', () => {
  it('gives back what it was given, and hours past midnight', () => {
    const policy = {
      longTailQuotaPct: 30,
      headCapPct: 20,
      longTailTopPct: 20,
      primeStartMin: 1200,
      primeEndMin: 1500,
      slotToleranceMin: 10,
      slotDurationPct: 90,
    }
    expect(toPolicy(fromPolicy(policy))).toEqual(policy)
    expect(settingsContract['belt/savePolicy'].input.safeParse(policy).success).toBe(true)
    expect(toPolicy({ ...fromPolicy(policy), primeEnd: 'later' })).toBeNull()
  })
})
