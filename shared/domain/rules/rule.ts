/** BLOCK cannot start or publish, WARN needs a named override with a reason, RECORD is append-only, SHOW informs. */
export const RULE_ACTIONS = ['block', 'warn', 'record', 'show'] as const
export type RuleAction = (typeof RULE_ACTIONS)[number]

/** Where a rule comes from: a key of `RULE_SOURCES` and the article inside it. */
export interface RuleSource {
  readonly code: keyof typeof RULE_SOURCES
  readonly article: string
}

export const RULE_SOURCES = {
  M117: {
    zh: '直播电商监督管理办法（市场监管总局、国家网信办令第 117 号）',
    shortZh: '117 号令',
    en: 'Measures on live commerce, SAMR and CAC order 117',
    effectiveDay: '2026-02-01',
  },
  AD: { zh: '中华人民共和国广告法', shortZh: '广告法', en: 'Advertising Law', effectiveDay: '2015-09-01' },
  PRICE: {
    zh: '明码标价和禁止价格欺诈规定（市场监管总局令第 56 号）',
    shortZh: '56 号令',
    en: 'Price marking and price fraud, SAMR order 56',
    effectiveDay: '2022-07-01',
  },
  CPL: {
    zh: '中华人民共和国消费者权益保护法',
    shortZh: '消法',
    en: 'Consumer Protection Law',
    effectiveDay: '2014-03-15',
  },
  DY: {
    zh: '抖音电商商家规则',
    shortZh: '抖店规则',
    en: 'Douyin merchant rules',
    effectiveDay: '2025-01-01',
  },
  BELT: { zh: '产业带自定规则', shortZh: '本带规则', en: 'Rule of the belt', effectiveDay: '2026-01-01' },
} as const

/** A rule is a row: what it asks for is named by `check`, its figures are in `params`. */
export interface Rule {
  readonly id: string
  readonly action: RuleAction
  readonly source: RuleSource
  /** First day it applies, `YYYY-MM-DD`. */
  readonly effectiveDay: string
  /** The moment it speaks. */
  readonly stage: 'pre-live' | 'on-air' | 'booking' | 'record' | 'fulfilment'
  readonly check: string
  readonly params: Readonly<Record<string, number>>
  /** Item of the session's checklist that answers it, if a person ticks it. */
  readonly checklistItem?: string
}
