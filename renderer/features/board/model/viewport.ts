import { clampScroll, createTimeScale, scrollAround, type Fold, type TimeScale } from './time-scale.ts'

export type RangePreset = 'shift' | 'twoDays' | 'week'
export const RANGE_PRESETS: readonly RangePreset[] = ['shift', 'twoDays', 'week']
/** Hours of working time a preset shows; folded nights come on top. */
export const PRESET_HOURS: Record<RangePreset, number> = { shift: 10, twoDays: 34, week: 112 }

export const MIN_PX_PER_HOUR = 4
export const MAX_PX_PER_HOUR = 240
export const ZOOM_STEP = 1.25

export interface Viewport {
  readonly scale: TimeScale
  readonly scrollX: number
  readonly scrollY: number
}

export interface World {
  readonly fromMs: number
  readonly toMs: number
  readonly folds: readonly Fold[]
  readonly heightPx: number
}

export interface ViewSize {
  readonly widthPx: number
  readonly heightPx: number
}

const clampZoom = (pxPerHour: number) => Math.min(MAX_PX_PER_HOUR, Math.max(MIN_PX_PER_HOUR, pxPerHour))

export function makeScale(world: World, pxPerHour: number): TimeScale {
  return createTimeScale(world.fromMs, world.toMs, clampZoom(pxPerHour), world.folds)
}

export function presetZoom(preset: RangePreset, widthPx: number): number {
  return clampZoom(widthPx / PRESET_HOURS[preset])
}

function clamp(view: Viewport, world: World, size: ViewSize): Viewport {
  return {
    scale: view.scale,
    scrollX: clampScroll(view.scrollX, view.scale.widthPx, size.widthPx),
    scrollY: clampScroll(view.scrollY, world.heightPx, size.heightPx),
  }
}

export function panBy(view: Viewport, dx: number, dy: number, world: World, size: ViewSize): Viewport {
  return clamp({ scale: view.scale, scrollX: view.scrollX + dx, scrollY: view.scrollY + dy }, world, size)
}

/** Zooms by `factor` and keeps the instant under `pointerX` in place. */
export function zoomAround(
  view: Viewport,
  factor: number,
  pointerX: number,
  world: World,
  size: ViewSize,
): Viewport {
  const scale = makeScale(world, view.scale.pxPerHour * factor)
  const scrollX = scrollAround(view.scale, scale, view.scrollX, pointerX)
  return clamp({ scale, scrollX, scrollY: view.scrollY }, world, size)
}

/** Puts an instant at `share` (0…1) of the view's width. */
export function lookAt(view: Viewport, ms: number, share: number, world: World, size: ViewSize): Viewport {
  const scrollX = view.scale.xAt(ms) - size.widthPx * share
  return clamp({ scale: view.scale, scrollX, scrollY: view.scrollY }, world, size)
}

/** Same instant at the left edge after the world (folds, range) has changed. */
export function adoptWorld(view: Viewport, world: World, size: ViewSize): Viewport {
  const scale = makeScale(world, view.scale.pxPerHour)
  return clamp(
    { scale, scrollX: scale.xAt(view.scale.msAt(view.scrollX)), scrollY: view.scrollY },
    world,
    size,
  )
}

/** Scrolls as little as needed so that a box in world px is in view, with `margin` px around it. */
export function revealBox(
  view: Viewport,
  box: { left: number; right: number; top: number; bottom: number },
  margin: number,
  world: World,
  size: ViewSize,
): Viewport {
  const nudge = (scroll: number, from: number, to: number, extent: number) => {
    if (from - margin < scroll || to - from > extent) return from - margin
    return to + margin > scroll + extent ? to + margin - extent : scroll
  }
  return clamp(
    {
      scale: view.scale,
      scrollX: nudge(view.scrollX, box.left, box.right, size.widthPx),
      scrollY: nudge(view.scrollY, box.top, box.bottom, size.heightPx),
    },
    world,
    size,
  )
}
