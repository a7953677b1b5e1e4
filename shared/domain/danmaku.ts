/** What viewers said in a session, counted. */
export interface DanmakuSummary {
  readonly questions: number
  /** By goods of the session: how many comments name each, and how many of those ask. */
  readonly goods: readonly { readonly skuId: string; readonly mentions: number; readonly questions: number }[]
  /** Words in the most comments, each comment counted once. */
  readonly words: readonly { readonly word: string; readonly count: number }[]
  /** What was asked most, repeats that differ in marks and case taken together; `body` as it was first written. */
  readonly asked: readonly { readonly body: string; readonly count: number; readonly firstMs: number }[]
}

export interface SessionGoods {
  readonly skuId: string
  /** Names that stand for it: its own, its product's, its code. */
  readonly names: readonly string[]
  /** Number of its link in the session, from 1. */
  readonly position: number
}

const QUESTION =
  /[?？]|[吗呢么]\s*$|多少|多大|多重|几[个支条号天]|怎么|怎样|如何|什么|哪[个种款里]|有没有|有货|能不能|可以不|是不是|会不会|多久|\b(how|what|which|when|where|can|does|is)\b/i
/** Words that every session has. */
const COMMON = new Set(
  '主播 这个 那个 一个 我们 你们 他们 什么 怎么 可以 没有 还有 就是 不是 有没 多少 已经 现在 一下 知道 觉得 但是 因为 所以 the and for you this that with have'.split(
    ' ',
  ),
)
const MOST = 12

export const isQuestion = (body: string): boolean => QUESTION.test(body)

/** Equal for comments that differ in case, width, marks and repeats of a character only. */
export const sameWords = (body: string): string =>
  body
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}\s]+/gu, '')
    .replace(/(.)\1{2,}/gu, '$1')

const byCount = <T extends { readonly count: number }>(rows: Iterable<T>, key: (row: T) => string): T[] =>
  [...rows].sort((a, b) => b.count - a.count || (key(a) < key(b) ? -1 : 1)).slice(0, MOST)

/** @param comments in the order of the session */
export function summariseDanmaku(
  comments: Iterable<{ readonly body: string; readonly offsetMs: number }>,
  goods: readonly SessionGoods[],
): DanmakuSummary {
  const segmenter = new Intl.Segmenter('zh', { granularity: 'word' })
  const marks = goods.map(({ skuId, names, position }) => ({
    skuId,
    names: [...new Set(names.map(sameWords))].filter((name) => [...name].length >= 2),
    link: new RegExp(`(?<!\\d)${position}号(链接|商品|品|款|$)`),
    mentions: 0,
    questions: 0,
  }))
  const words = new Map<string, { word: string; count: number }>()
  const asked = new Map<string, { body: string; count: number; firstMs: number }>()
  let questions = 0
  for (const { body, offsetMs } of comments) {
    const same = sameWords(body)
    const asks = isQuestion(body)
    if (asks) {
      questions++
      const row = asked.get(same)
      if (row) row.count++
      else if (same !== '') asked.set(same, { body, count: 1, firstMs: offsetMs })
    }
    for (const mark of marks)
      if (mark.link.test(same) || mark.names.some((name) => same.includes(name))) {
        mark.mentions++
        if (asks) mark.questions++
      }
    const here = new Set<string>()
    for (const { segment, isWordLike } of segmenter.segment(body.normalize('NFKC').toLowerCase()))
      if (isWordLike && [...segment].length >= 2 && !/^\d+$/.test(segment) && !COMMON.has(segment))
        here.add(segment)
    for (const word of here) {
      const row = words.get(word)
      if (row) row.count++
      else words.set(word, { word, count: 1 })
    }
  }
  return {
    questions,
    goods: marks.map(({ skuId, mentions, questions: asking }) => ({ skuId, mentions, questions: asking })),
    words: byCount(words.values(), ({ word }) => word),
    asked: byCount(asked.values(), ({ body }) => body),
  }
}
