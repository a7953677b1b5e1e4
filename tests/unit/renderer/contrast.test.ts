import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const css = readFileSync(join(import.meta.dirname, '../../../renderer/app/styles/tokens.css'), 'utf8')

/** Colour variables of one theme; dark inherits what it does not set. */
function readTheme(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(selector))
  const body = block.slice(0, block.indexOf('\n}'))
  return new Map(
    [...body.matchAll(/(--[ce]-[\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name, hex]) => [name!, hex!]),
  )
}
const light = readTheme(':root {')
const dark = new Map([...light, ...readTheme(":root[data-theme='dark']")])

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const GROUNDS = ['--c-canvas', '--c-surface', '--c-raised']
const TEXT_ON: Record<string, string[]> = {
  '--c-ink': [
    ...GROUNDS,
    '--c-sunken',
    '--c-accent-bg',
    '--e-session-bg',
    '--e-line-bg',
    '--e-studio-bg',
    '--e-streamer-bg',
    '--c-prime',
  ],
  '--c-ink2': [...GROUNDS, '--c-sunken', '--c-accent-bg', '--e-session-bg', '--e-line-bg'],
  '--c-ink3': GROUNDS,
  '--c-accent': [...GROUNDS, '--c-accent-bg'],
  '--c-ok': [...GROUNDS, '--c-ok-bg'],
  '--c-risk': [...GROUNDS, '--c-risk-bg'],
  '--c-late': [...GROUNDS, '--c-late-bg'],
  '--c-tent': [...GROUNDS, '--c-tent-bg'],
  '--c-on-accent': ['--c-accent'],
  '--c-rail-ink': ['--c-rail', '--c-rail-active'],
  '--e-streamer': ['--e-streamer-bg'],
}

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('the %s theme', (_, theme) => {
  it.each(Object.entries(TEXT_ON))('keeps %s readable (4.5:1) on its grounds', (role, grounds) => {
    const weak = grounds
      .map((ground) => ({ ground, ratio: contrast(theme.get(role)!, theme.get(ground)!) }))
      .filter(({ ratio }) => ratio < 4.5)
    expect(weak).toEqual([])
  })
  it('keeps the outline of a control visible (3:1)', () => {
    for (const ground of GROUNDS)
      expect(contrast(theme.get('--c-control')!, theme.get(ground)!)).toBeGreaterThanOrEqual(3)
  })
})
