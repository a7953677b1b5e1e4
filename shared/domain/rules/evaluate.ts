import { DAY_MS } from '../time.ts'
import { PRE_LIVE_RULES, RESTRICTED_CATEGORIES } from './pre-live.ts'
import type { Rule, RuleAction } from './rule.ts'

/** What a rule says about one thing now. `ok` findings are kept: screens show what has been checked. */
export interface Finding {
  readonly ruleId: string
  readonly action: RuleAction
  readonly source: Rule['source']
  readonly effectiveDay: string
  readonly status: 'ok' | 'open' | 'overridden'
  /** Names what is missing; its text is `rule.<ruleId>` or `rule.<ruleId>.<reason>`. */
  readonly reason: string
  readonly params: Readonly<Record<string, string | number>>
  readonly subjectTable: 'liveSession' | 'sku' | 'streamer' | 'merchant'
  readonly subjectId: string
  readonly checklistItem: string | null
}

export interface PreLiveDocument {
  readonly kind: string
  readonly expiresMs: number | null
}

/** Everything the rules look at, gathered by the caller. Hashes cover this session's SKU list and scripts as they are now. */
export interface PreLiveFacts {
  readonly sessionId: string
  /** When it goes (or went) on air: documents must still be valid at its end. */
  readonly startMs: number
  readonly endMs: number
  readonly shippingPromiseHours: number
  readonly usesAiPerson: boolean
  readonly skuListHash: string
  readonly scriptHash: string
  readonly reviews: readonly {
    readonly skuListHash: string
    readonly scriptHash: string
    readonly verdict: 'passed' | 'failed'
    readonly atMs: number
  }[]
  readonly skus: readonly {
    readonly id: string
    readonly name: string
    readonly categoryKey: string
    readonly documents: readonly PreLiveDocument[]
    readonly spokenPromiseHours: number | null
  }[]
  readonly merchant: {
    readonly id: string
    readonly name: string
    readonly listStatus: 'white' | 'none' | 'watch' | 'black'
    readonly documents: readonly PreLiveDocument[]
  }
  readonly streamers: readonly {
    readonly id: string
    readonly name: string
    readonly identityVerified: boolean
    /** `YYYY-MM-DD`. */
    readonly birthDate: string | null
    readonly guardianConsent: boolean
    readonly firstTrainedMs: number | null
    readonly lastTrainedMs: number | null
    readonly certificates: readonly { readonly category: string; readonly expiresMs: number }[]
    readonly violationsMs: readonly number[]
  }[]
  readonly checklist: Readonly<Record<string, boolean>>
  readonly overriddenRuleIds: readonly string[]
}

type Outcome = Pick<Finding, 'status' | 'reason' | 'params' | 'subjectTable' | 'subjectId'>
type Check = (facts: PreLiveFacts, rule: Rule) => Outcome[]

const one = (
  subjectTable: Finding['subjectTable'],
  subjectId: string,
  isOk: boolean,
  reason: string,
  params: Finding['params'] = {},
): Outcome => ({
  status: isOk ? 'ok' : 'open',
  reason: isOk ? 'ok' : reason,
  params,
  subjectTable,
  subjectId,
})

const isValid = (document: PreLiveDocument, atMs: number) =>
  document.expiresMs === null || document.expiresMs > atMs

/** Documents every SKU needs, and those of its category. */
export function documentsNeeded(categoryKey: string): readonly string[] {
  return ['conformity', ...(RESTRICTED_CATEGORIES[categoryKey]?.documents ?? [])]
}

/** Completed years between a birth date and an instant (UTC day; a birthday counts from its morning). */
export function ageYears(birthDate: string, atMs: number): number {
  const at = new Date(atMs)
  const born = new Date(`${birthDate}T00:00:00Z`)
  const years = at.getUTCFullYear() - born.getUTCFullYear()
  const before =
    at.getUTCMonth() < born.getUTCMonth() ||
    (at.getUTCMonth() === born.getUTCMonth() && at.getUTCDate() < born.getUTCDate())
  return before ? years - 1 : years
}

const CHECKS: Readonly<Record<string, Check>> = {
  'content-review': (facts) => {
    const session = (isOk: boolean, reason: string) => [
      one('liveSession', facts.sessionId, isOk, reason, { skus: facts.skus.length }),
    ]
    const last = [...facts.reviews].sort((a, b) => a.atMs - b.atMs).at(-1)
    if (!last) return session(false, 'unsigned')
    if (last.verdict === 'failed') return session(false, 'failed')
    const isCurrent = last.skuListHash === facts.skuListHash && last.scriptHash === facts.scriptHash
    return session(isCurrent, 'outdated')
  },
  'sku-documents': (facts) =>
    facts.skus.flatMap((sku) =>
      documentsNeeded(sku.categoryKey).map((kind) => {
        const held = sku.documents.filter((document) => document.kind === kind)
        const isOk = held.some((document) => isValid(document, facts.endMs))
        return one('sku', sku.id, isOk, held.length > 0 ? 'expired' : 'missing', {
          sku: sku.name,
          document: kind,
        })
      }),
    ),
  'merchant-licence': (facts) => {
    const held = facts.merchant.documents.filter((document) => document.kind === 'business-licence')
    const isOk = held.some((document) => isValid(document, facts.endMs))
    const reason = held.length > 0 ? 'expired' : 'missing'
    return [one('merchant', facts.merchant.id, isOk, reason, { merchant: facts.merchant.name })]
  },
  'streamer-verified': (facts) =>
    facts.streamers.length === 0
      ? [one('liveSession', facts.sessionId, false, 'none')]
      : facts.streamers.map((who) =>
          one('streamer', who.id, who.identityVerified, 'unverified', { streamer: who.name }),
        ),
  'streamer-trained': (facts) =>
    facts.streamers.map((who) =>
      one('streamer', who.id, who.firstTrainedMs !== null, 'untrained', { streamer: who.name }),
    ),
  'streamer-training-age': (facts, rule) =>
    facts.streamers
      .filter((who) => who.firstTrainedMs !== null)
      .map((who) => {
        const days = Math.floor((facts.startMs - (who.lastTrainedMs ?? who.firstTrainedMs ?? 0)) / DAY_MS)
        return one('streamer', who.id, days <= (rule.params.maxDays ?? 365), 'stale', {
          streamer: who.name,
          days,
        })
      }),
  'streamer-age': (facts, rule) =>
    facts.streamers
      .filter((who) => who.birthDate !== null)
      .map((who) => {
        const age = ageYears(who.birthDate ?? '', facts.startMs)
        const tooYoung = age < (rule.params.minYears ?? 16)
        const needsConsent = age < (rule.params.consentUntilYears ?? 18) && !who.guardianConsent
        return one('streamer', who.id, !tooYoung && !needsConsent, tooYoung ? 'too-young' : 'no-consent', {
          streamer: who.name,
          age,
        })
      }),
  'streamer-certificate': (facts) => {
    const restricted = [...new Set(facts.skus.map((sku) => sku.categoryKey))].filter(
      (key) => RESTRICTED_CATEGORIES[key] !== undefined,
    )
    return facts.streamers.flatMap((who) =>
      restricted.map((category) => {
        const held = who.certificates.filter((certificate) => certificate.category === category)
        const isOk = held.some((certificate) => certificate.expiresMs > facts.endMs)
        return one('streamer', who.id, isOk, held.length > 0 ? 'expired' : 'missing', {
          streamer: who.name,
          category,
        })
      }),
    )
  },
  'ai-label': (facts) =>
    facts.usesAiPerson
      ? [one('liveSession', facts.sessionId, facts.checklist['ai-label'] === true, 'unlabelled')]
      : [],
  checklist: (facts, rule) => {
    const item = rule.checklistItem ?? ''
    return [one('liveSession', facts.sessionId, facts.checklist[item] === true, 'unticked', { item })]
  },
  'spoken-promise': (facts) =>
    facts.skus
      .filter((sku) => sku.spokenPromiseHours !== null)
      .map((sku) =>
        one('sku', sku.id, (sku.spokenPromiseHours ?? 0) >= facts.shippingPromiseHours, 'shorter', {
          sku: sku.name,
          spokenHours: sku.spokenPromiseHours ?? 0,
          plannedHours: facts.shippingPromiseHours,
        }),
      ),
  'streamer-violations': (facts, rule) =>
    facts.streamers.map((who) => {
      const since = facts.startMs - (rule.params.days ?? 14) * DAY_MS
      const count = who.violationsMs.filter((at) => at > since && at <= facts.startMs).length
      return one('streamer', who.id, count < (rule.params.warnFrom ?? 1), 'recent', {
        streamer: who.name,
        count,
      })
    }),
  'merchant-list': (facts) => [
    one('merchant', facts.merchant.id, facts.merchant.listStatus !== 'black', 'black', {
      merchant: facts.merchant.name,
    }),
  ],
}

/** Runs every rule in force on `atMs` over one session. @throws RangeError for a rule whose check is unknown. */
export function evaluatePreLive(
  facts: PreLiveFacts,
  atMs: number,
  rules: readonly Rule[] = PRE_LIVE_RULES,
): Finding[] {
  return rules
    .filter((rule) => Date.parse(`${rule.effectiveDay}T00:00:00Z`) <= atMs)
    .flatMap((rule) => {
      const check = CHECKS[rule.check]
      if (!check) throw new RangeError(`rule ${rule.id} names the unknown check ${rule.check}`)
      return check(facts, rule).map((outcome) => ({
        ruleId: rule.id,
        action: rule.action,
        source: rule.source,
        effectiveDay: rule.effectiveDay,
        checklistItem: rule.checklistItem ?? null,
        ...outcome,
        status: isOverridden(facts, rule, outcome) ? ('overridden' as const) : outcome.status,
      }))
    })
}

const isOverridden = (facts: PreLiveFacts, rule: Rule, outcome: Outcome) =>
  outcome.status === 'open' && rule.action === 'warn' && facts.overriddenRuleIds.includes(rule.id)

/** Findings that keep a session off the air. */
export const blocking = (findings: readonly Finding[]): Finding[] =>
  findings.filter((finding) => finding.status === 'open' && finding.action === 'block')

/** Findings a person has to answer with a reason before going on. */
export const warnings = (findings: readonly Finding[]): Finding[] =>
  findings.filter((finding) => finding.status === 'open' && finding.action === 'warn')
