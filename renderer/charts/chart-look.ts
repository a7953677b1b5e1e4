import { computed, ref, type ComputedRef } from 'vue'
import { fontStack, usePalette, type Palette } from '../ui/tokens.ts'
import type { EChartsOption } from './echarts.ts'

/** Axis and tooltip parts in the colours of the theme, and the palette itself. */
export interface ChartLook {
  readonly palette: Palette
  readonly text: { readonly fontFamily: string; readonly fontSize: number; readonly color: string }
  readonly axisLine: { readonly lineStyle: { readonly color: string } }
  readonly splitLine: { readonly lineStyle: { readonly color: string } }
  readonly axisLabel: { readonly fontFamily: string; readonly fontSize: number; readonly color: string }
  readonly tooltip: NonNullable<EChartsOption['tooltip']>
}

export function useChartLook(): ComputedRef<ChartLook> {
  const palette = usePalette()
  return computed(() => {
    const colours = palette.value
    const text = { fontFamily: fontStack, fontSize: 12, color: colours.ink2 }
    return {
      palette: colours,
      text,
      axisLine: { lineStyle: { color: colours.line2 } },
      splitLine: { lineStyle: { color: colours.line } },
      axisLabel: text,
      // Drawn on the canvas: the default tooltip is HTML and would turn a name from outside into markup.
      tooltip: {
        renderMode: 'richText',
        backgroundColor: colours.ink,
        borderWidth: 0,
        padding: [6, 8],
        textStyle: { ...text, color: colours.surface },
      },
    }
  })
}

let fontsLoaded: Promise<unknown> | null = null
/** A canvas draws boxes for glyphs of a font that is not there yet; charts wait for it. */
export function useChartFonts() {
  const ready = ref(false)
  fontsLoaded ??= Promise.all(
    [400, 600].map((weight) => document.fonts.load(`${weight} 12px ${fontStack}`, '0123 9月万元时')),
  )
  fontsLoaded.then(
    () => (ready.value = true),
    () => (ready.value = true),
  )
  return ready
}
