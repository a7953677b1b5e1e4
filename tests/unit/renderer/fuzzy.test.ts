import { describe, expect, it } from 'vitest'
import { fuzzyScore } from '../../../renderer/app/shell/fuzzy.ts'

const best = (typed: string, titles: string[]) =>
  titles
    .map((title) => ({ title, score: fuzzyScore(typed, title) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))[0]?.title

describe('fuzzy search', () => {
  it('needs every letter, in order', () => {
    expect(fuzzyScore('设备', '设置 · 备份')).not.toBeNull()
    expect(fuzzyScore('备设', '设置 · 备份')).toBeNull()
    expect(fuzzyScore('x', 'Settings')).toBeNull()
  })
  it('prefers neighbours, starts of words and short titles, whatever the case', () => {
    expect(best('board', ['Go to Belt dashboard', 'Go to Board'])).toBe('Go to Board')
    expect(best('备份', ['设置 · 备份', '备用直播间的份额'])).toBe('设置 · 备份')
    expect(best('SET', ['Go to Settings', 'Send the test'])).toBe('Go to Settings')
  })
})
