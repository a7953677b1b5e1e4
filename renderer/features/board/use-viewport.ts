import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { AXIS_PX } from './paint/scene.ts'
import type { PlacedBar } from './model/layout.ts'
import {
  adoptWorld,
  lookAt,
  makeScale,
  panBy,
  presetZoom,
  revealBox,
  zoomAround,
  type RangePreset,
  type Viewport,
  type World,
} from './model/viewport.ts'

/** Share of the view left of the present when the board jumps to it. */
const NOW_SHARE = 0.22

/** Scroll and zoom of the timeline inside `host`, kept inside `world`. */
export function useViewport(host: Ref<HTMLElement | null>, world: Ref<World>) {
  const size = ref({ widthPx: 800, heightPx: 600 })
  const view = shallowRef<Viewport>({ scale: makeScale(world.value, 24), scrollX: 0, scrollY: 0 })
  const preset = ref<RangePreset | null>('twoDays')
  let observer: ResizeObserver | null = null
  let placed = false

  const lanesSize = computed(() => ({
    widthPx: size.value.widthPx,
    heightPx: Math.max(0, size.value.heightPx - AXIS_PX),
  }))
  const set = (next: Viewport) => (view.value = next)

  function applyPreset(next: RangePreset, focusMs: number) {
    preset.value = next
    const scale = makeScale(world.value, presetZoom(next, size.value.widthPx))
    set(lookAt({ ...view.value, scale }, focusMs, NOW_SHARE, world.value, lanesSize.value))
  }
  function pan(dx: number, dy: number) {
    set(panBy(view.value, dx, dy, world.value, lanesSize.value))
  }
  function zoom(factor: number, pointerX = size.value.widthPx / 2) {
    preset.value = null
    set(zoomAround(view.value, factor, pointerX, world.value, lanesSize.value))
  }
  function look(ms: number, share = NOW_SHARE) {
    set(lookAt(view.value, ms, share, world.value, lanesSize.value))
  }
  function reveal(bar: PlacedBar) {
    const left = view.value.scale.xAt(bar.startMs)
    const right = Math.min(view.value.scale.xAt(bar.endMs), left + size.value.widthPx * 0.6)
    const box = { left, right, top: bar.top, bottom: bar.top + bar.height }
    set(revealBox(view.value, box, 24, world.value, lanesSize.value))
  }

  function measure() {
    const element = host.value
    if (!element) return
    size.value = { widthPx: element.clientWidth, heightPx: element.clientHeight }
  }
  /** The first real size decides the first zoom; later sizes keep the instant at the left edge. */
  function start(focusMs: number) {
    measure()
    if (!placed && size.value.widthPx > 0) {
      placed = true
      applyPreset(preset.value ?? 'twoDays', focusMs)
    }
  }

  watch([world, lanesSize], () => set(adoptWorld(view.value, world.value, lanesSize.value)))
  onMounted(() => {
    observer = new ResizeObserver(measure)
    if (host.value) observer.observe(host.value)
  })
  onBeforeUnmount(() => observer?.disconnect())
  return { view, size, preset, pan, zoom, look, reveal, applyPreset, start }
}
