import { onBeforeUnmount, onMounted, watch, type Ref, type WatchSource } from 'vue'
import { fontStack } from '../../ui/tokens.ts'
import { forgetLabelWidths } from './paint/bars.ts'

/** More pixels than this per CSS pixel cost frames and show nothing. */
const MAX_DENSITY = 2

/** Repaints `canvas` at most once per frame whenever one of `sources` changes. */
export function useCanvas(
  canvas: Ref<HTMLCanvasElement | null>,
  size: Ref<{ widthPx: number; heightPx: number }>,
  sources: WatchSource<unknown>[],
  paint: (ctx: CanvasRenderingContext2D) => void,
) {
  let frame = 0

  function draw() {
    frame = 0
    const element = canvas.value
    const ctx = element?.getContext('2d', { alpha: false })
    if (!element || !ctx) return
    const density = Math.min(MAX_DENSITY, window.devicePixelRatio || 1)
    const width = Math.round(size.value.widthPx * density)
    const height = Math.round(size.value.heightPx * density)
    if (element.width !== width) element.width = width
    if (element.height !== height) element.height = height
    ctx.setTransform(density, 0, 0, density, 0, 0)
    paint(ctx)
  }
  function request() {
    if (frame === 0) frame = requestAnimationFrame(draw)
  }

  watch([size, ...sources], request)
  onMounted(() => {
    request()
    void document.fonts
      ?.load(`12px ${fontStack}`, '09排期')
      .then(() => document.fonts.ready)
      .then(() => {
        forgetLabelWidths()
        request()
      })
  })
  onBeforeUnmount(() => cancelAnimationFrame(frame))
  return { request }
}
