import { describe, expect, it } from 'vitest'
import {
  ageYears,
  blocking,
  evaluatePreLive,
  warnings,
  type PreLiveFacts,
} from '../../../shared/domain/rules/evaluate.ts'
import {
  CHECKLIST_ITEMS,
  PRE_LIVE_RULES,
  RESTRICTED_CATEGORIES,
} from '../../../shared/domain/rules/pre-live.ts'
import { RULE_SOURCES } from '../../../shared/domain/rules/rule.ts'
import { DAY_MS } from '../../../shared/domain/time.ts'

const START = Date.parse('2026-09-17T15:00:00+08:00')
const END = START + 3 * 3_600_000

/** A session with everything in order. */
const ready: PreLiveFacts = {
  sessionId: 'S',
  startMs: START,
  endMs: END,
  shippingPromiseHours: 48,
  usesAiPerson: false,
  skuListHash: 'list-1',
  scriptHash: 'script-1',
  reviews: [{ skuListHash: 'list-1', scriptHash: 'script-1', verdict: 'passed', atMs: START - DAY_MS }],
  skus: [
    {
      id: 'K',
      name: '浮漂',
      categoryKey: 'general',
      documents: [{ kind: 'conformity', expiresMs: END + DAY_MS }],
      spokenPromiseHours: 48,
    },
  ],
  merchant: {
    id: 'M',
    name: '浮漂坊',
    listStatus: 'none',
    documents: [{ kind: 'business-licence', expiresMs: null }],
  },
  streamers: [
    {
      id: 'H',
      name: '于海洋',
      identityVerified: true,
      birthDate: '1992-03-24',
      guardianConsent: false,
      firstTrainedMs: START - 400 * DAY_MS,
      lastTrainedMs: START - 100 * DAY_MS,
      certificates: [],
      violationsMs: [],
    },
  ],
  checklist: { 'identity-reported': true, 'seller-shown': true, 'network-checked': true },
  overriddenRuleIds: [],
}

const openRules = (facts: PreLiveFacts, atMs = START) =>
  evaluatePreLive(facts, atMs)
    .filter((finding) => finding.status === 'open')
    .map((finding) => `${finding.action}:${finding.ruleId}:${finding.reason}`)

const withStreamer = (change: Partial<PreLiveFacts['streamers'][number]>): PreLiveFacts => ({
  ...ready,
  streamers: [{ ...ready.streamers[0]!, ...change }],
})
const withSku = (change: Partial<PreLiveFacts['skus'][number]>): PreLiveFacts => ({
  ...ready,
  skus: [{ ...ready.skus[0]!, ...change }],
})

describe('the rules before a broadcast', () => {
  it('say nothing against a session in order', () => expect(openRules(ready)).toEqual([]))

  it.each<[string, PreLiveFacts, string]>([
    ['no review', { ...ready, reviews: [] }, 'block:m117-30-review:unsigned'],
    ['a SKU added after the review', { ...ready, skuListHash: 'list-2' }, 'block:m117-30-review:outdated'],
    [
      'a script changed after the review',
      { ...ready, scriptHash: 'script-2' },
      'block:m117-30-review:outdated',
    ],
    [
      'a later review that failed',
      { ...ready, reviews: [...ready.reviews, { ...ready.reviews[0]!, verdict: 'failed', atMs: START }] },
      'block:m117-30-review:failed',
    ],
    ['a SKU without a report', withSku({ documents: [] }), 'block:m117-27-documents:missing'],
    [
      'a report that ends during the broadcast',
      withSku({ documents: [{ kind: 'conformity', expiresMs: END }] }),
      'block:m117-27-documents:expired',
    ],
    [
      'a licence that has ended',
      {
        ...ready,
        merchant: { ...ready.merchant, documents: [{ kind: 'business-licence', expiresMs: START }] },
      },
      'block:m117-27-licence:expired',
    ],
    ['nobody on air', { ...ready, streamers: [] }, 'block:m117-28-streamer:none'],
    [
      'an unverified streamer',
      withStreamer({ identityVerified: false }),
      'block:m117-28-streamer:unverified',
    ],
    [
      'a streamer nobody trained',
      withStreamer({ firstTrainedMs: null }),
      'block:m117-10-first-training:untrained',
    ],
    ['a streamer of fifteen', withStreamer({ birthDate: '2010-09-18' }), 'block:m117-age:too-young'],
    ['a streamer of sixteen alone', withStreamer({ birthDate: '2010-09-17' }), 'block:m117-age:no-consent'],
    [
      'training more than a year ago',
      withStreamer({ lastTrainedMs: START - 366 * DAY_MS }),
      'warn:m117-10-yearly-training:stale',
    ],
    [
      'identity not reported',
      { ...ready, checklist: { ...ready.checklist, 'identity-reported': false } },
      'block:m117-28-reported:unticked',
    ],
    [
      'a promise on air shorter than planned',
      withSku({ spokenPromiseHours: 24 }),
      'block:dy-spoken-promise:shorter',
    ],
    [
      'a computer-made person without a label',
      { ...ready, usesAiPerson: true },
      'block:m117-37-ai-label:unlabelled',
    ],
    [
      'a recent violation',
      withStreamer({ violationsMs: [START - 13 * DAY_MS] }),
      'warn:dy-violations:recent',
    ],
    [
      'a black-listed merchant',
      { ...ready, merchant: { ...ready.merchant, listStatus: 'black' } },
      'block:belt-black-list:black',
    ],
  ])('find %s', (_, facts, expected) => expect(openRules(facts)).toContain(expected))

  it('let a violation of more than fourteen days rest', () => {
    expect(openRules(withStreamer({ violationsMs: [START - 14 * DAY_MS] }))).toEqual([])
  })

  it('ask for a certificate in a restricted category, and its own document', () => {
    const cosmetics = withSku({ categoryKey: 'cosmetics' })
    expect(openRules(cosmetics)).toEqual([
      'block:m117-27-documents:missing',
      'block:restricted-category:missing',
    ])
    const held = {
      ...cosmetics,
      skus: [
        {
          ...cosmetics.skus[0]!,
          documents: [...ready.skus[0]!.documents, { kind: 'cosmetics-filing', expiresMs: null }],
        },
      ],
      streamers: [{ ...ready.streamers[0]!, certificates: [{ category: 'cosmetics', expiresMs: END + 1 }] }],
    }
    expect(openRules(held)).toEqual([])
  })

  it('a warning passes with a named override, a block never does', () => {
    const facts = { ...withStreamer({ lastTrainedMs: START - 366 * DAY_MS }), reviews: [] }
    const overridden = { ...facts, overriddenRuleIds: ['m117-10-yearly-training', 'm117-30-review'] }
    expect(warnings(evaluatePreLive(overridden, START))).toEqual([])
    expect(blocking(evaluatePreLive(overridden, START)).map((finding) => finding.ruleId)).toEqual([
      'm117-30-review',
    ])
  })

  it('do not speak before the day they come into force', () => {
    const before = Date.parse('2026-01-31T12:00:00Z')
    expect(openRules({ ...ready, reviews: [] }, before)).toEqual([])
  })

  it('refuse a rule whose check nobody wrote', () => {
    const rule = { ...PRE_LIVE_RULES[0], check: 'no-such-check' }
    expect(() => evaluatePreLive(ready, START, [rule])).toThrow(RangeError)
  })
})

describe('rules as data', () => {
  it('have unique ids, a known source, and a checklist item that is on the list', () => {
    expect(new Set(PRE_LIVE_RULES.map((rule) => rule.id)).size).toBe(PRE_LIVE_RULES.length)
    for (const rule of PRE_LIVE_RULES) {
      expect(RULE_SOURCES[rule.source.code]).toBeDefined()
      if ('checklistItem' in rule) expect(CHECKLIST_ITEMS).toContain(rule.checklistItem)
    }
    expect(Object.keys(RESTRICTED_CATEGORIES).length).toBe(24)
  })
})

it('counts completed years', () => {
  expect(ageYears('2010-09-18', START)).toBe(15)
  expect(ageYears('2010-09-17', START)).toBe(16)
})
