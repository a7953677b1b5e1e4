import type { Rule } from './rule.ts'

const M117_IN_FORCE = '2026-02-01'

/** What must hold before a session goes on air. Order is the order in which screens name what is missing. */
export const PRE_LIVE_RULES = [
  {
    id: 'm117-30-review',
    action: 'block',
    source: { code: 'M117', article: '30' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'content-review',
    params: {},
  },
  {
    id: 'm117-27-documents',
    action: 'block',
    source: { code: 'M117', article: '27' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'sku-documents',
    params: { retentionYears: 3 },
  },
  {
    id: 'm117-27-licence',
    action: 'block',
    source: { code: 'M117', article: '27' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'merchant-licence',
    params: { retentionYears: 3 },
  },
  {
    id: 'm117-28-streamer',
    action: 'block',
    source: { code: 'M117', article: '28' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'streamer-verified',
    params: {},
  },
  {
    id: 'm117-28-reported',
    action: 'block',
    source: { code: 'M117', article: '28' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'checklist',
    params: {},
    checklistItem: 'identity-reported',
  },
  {
    id: 'm117-10-first-training',
    action: 'block',
    source: { code: 'M117', article: '10' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'streamer-trained',
    params: {},
  },
  {
    id: 'm117-10-yearly-training',
    action: 'warn',
    source: { code: 'M117', article: '10' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'streamer-training-age',
    params: { maxDays: 365 },
  },
  {
    id: 'm117-age',
    action: 'block',
    source: { code: 'M117', article: '28' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'streamer-age',
    params: { minYears: 16, consentUntilYears: 18 },
  },
  {
    id: 'restricted-category',
    action: 'block',
    source: { code: 'M117', article: '28' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'streamer-certificate',
    params: {},
  },
  {
    id: 'm117-37-ai-label',
    action: 'block',
    source: { code: 'M117', article: '37' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'ai-label',
    params: {},
    checklistItem: 'ai-label',
  },
  {
    id: 'm117-25-licence-page',
    action: 'warn',
    source: { code: 'M117', article: '25–26' },
    effectiveDay: M117_IN_FORCE,
    stage: 'pre-live',
    check: 'checklist',
    params: { workingDays: 3 },
    checklistItem: 'seller-shown',
  },
  {
    id: 'dy-spoken-promise',
    action: 'block',
    source: { code: 'DY', article: '发货时效' },
    effectiveDay: '2025-01-01',
    stage: 'pre-live',
    check: 'spoken-promise',
    params: {},
  },
  {
    id: 'dy-violations',
    action: 'warn',
    source: { code: 'DY', article: '虚假宣传' },
    effectiveDay: '2025-01-01',
    stage: 'pre-live',
    check: 'streamer-violations',
    params: { days: 14, warnFrom: 1, blockFrom: 3 },
  },
  {
    id: 'belt-black-list',
    action: 'block',
    source: { code: 'BELT', article: '信用名单' },
    effectiveDay: '2026-01-01',
    stage: 'booking',
    check: 'merchant-list',
    params: {},
  },
  {
    id: 'belt-network-check',
    action: 'warn',
    source: { code: 'BELT', article: '开播检查' },
    effectiveDay: '2026-01-01',
    stage: 'pre-live',
    check: 'checklist',
    params: {},
    checklistItem: 'network-checked',
  },
] as const satisfies readonly Rule[]

/** Items a person ticks for every session, in the order they are shown. */
export const CHECKLIST_ITEMS = ['identity-reported', 'seller-shown', 'network-checked', 'ai-label'] as const

/**
 * Goods that may be sold on air only by a streamer with a certificate for the category, and that need the documents named
 * beside the usual ones. Platform lists differ in detail; a belt may add its own.
 */
export const RESTRICTED_CATEGORIES: Readonly<
  Record<string, { readonly zh: string; readonly en: string; readonly documents: readonly string[] }>
> = {
  'health-food': { zh: '保健食品', en: 'Health food', documents: ['blue-hat'] },
  alcohol: { zh: '酒类', en: 'Alcohol', documents: ['food-licence'] },
  'medical-device': { zh: '医疗器械', en: 'Medical devices', documents: ['medical-device-licence'] },
  medicine: { zh: '药品', en: 'Medicine', documents: ['drug-licence'] },
  'milk-powder': { zh: '奶粉', en: 'Milk powder', documents: ['food-licence', 'formula-registration'] },
  'special-medical-food': { zh: '特医食品', en: 'Special medical food', documents: ['formula-registration'] },
  underwear: { zh: '内衣', en: 'Underwear', documents: [] },
  jewellery: { zh: '珠宝玉石', en: 'Jewellery', documents: ['jewellery-certificate'] },
  gold: { zh: '黄金', en: 'Gold', documents: ['jewellery-certificate'] },
  'consumer-electronics': { zh: '3C 数码', en: 'Consumer electronics', documents: ['ccc'] },
  'small-appliance': { zh: '小家电', en: 'Small appliances', documents: ['ccc'] },
  toy: { zh: '玩具', en: 'Toys', documents: ['ccc'] },
  'child-seat': { zh: '儿童安全座椅', en: 'Child seats', documents: ['ccc'] },
  seafood: { zh: '水产生鲜', en: 'Seafood', documents: ['food-licence'] },
  'fresh-food': { zh: '生鲜', en: 'Fresh food', documents: ['food-licence'] },
  'packaged-food': { zh: '预包装食品', en: 'Packaged food', documents: ['food-filing'] },
  cosmetics: { zh: '化妆品', en: 'Cosmetics', documents: ['cosmetics-filing'] },
  'special-cosmetics': { zh: '特殊化妆品', en: 'Special cosmetics', documents: ['cosmetics-registration'] },
  disinfection: { zh: '消毒产品', en: 'Disinfection', documents: ['disinfection-licence'] },
  'contact-lens': { zh: '隐形眼镜', en: 'Contact lenses', documents: ['medical-device-licence'] },
  pesticide: { zh: '农药', en: 'Pesticides', documents: ['pesticide-licence'] },
  seed: { zh: '种子种苗', en: 'Seeds', documents: ['seed-licence'] },
  tobacco: { zh: '烟具', en: 'Smoking articles', documents: ['tobacco-licence'] },
  publication: { zh: '出版物', en: 'Publications', documents: ['publication-licence'] },
}

/** Topics whose speaker needs a professional licence. */
export const LICENSED_TOPICS = ['medical', 'finance', 'law', 'education'] as const
