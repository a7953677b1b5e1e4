import { computed } from 'vue'
import { useTheme } from '../app/theme.ts'

const names = {
  canvas: '--c-canvas',
  surface: '--c-surface',
  raised: '--c-raised',
  sunken: '--c-sunken',
  line: '--c-line',
  line2: '--c-line2',
  ink: '--c-ink',
  ink2: '--c-ink2',
  ink3: '--c-ink3',
  accent: '--c-accent',
  accentBg: '--c-accent-bg',
  onAccent: '--c-on-accent',
  ok: '--c-ok',
  risk: '--c-risk',
  riskFill: '--c-risk-fill',
  late: '--c-late',
  lateBg: '--c-late-bg',
  tent: '--c-tent',
  prime: '--c-prime',
  heatLow: '--c-heat-low',
  heatHigh: '--c-heat-high',
  entityLine: '--e-line',
  entityLineBg: '--e-line-bg',
  studio: '--e-studio',
  studioBg: '--e-studio-bg',
  streamer: '--e-streamer',
  streamerBg: '--e-streamer-bg',
  session: '--e-session',
  sessionBg: '--e-session-bg',
} as const

export type Palette = Record<keyof typeof names, string>

/** The face of canvas text; the same stack as the page's. */
export const fontStack =
  "'IBM Plex Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'Noto Sans SC', 'Noto Sans SC Variable', sans-serif"

/** Colour roles as plain values, for what is drawn on a canvas. Changes with the theme. */
export function usePalette() {
  const { theme } = useTheme()
  return computed<Palette>(() => {
    // Read so that the palette is worked out again for the other theme.
    void theme.value
    const style = getComputedStyle(document.documentElement)
    return Object.fromEntries(
      Object.entries(names).map(([key, name]) => [key, style.getPropertyValue(name).trim()]),
    ) as Palette
  })
}
