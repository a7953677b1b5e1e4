import type { Ref, ShallowRef } from 'vue'
import { barAt } from './model/hit-test.ts'
import type { BoardLayout, PlacedBar } from './model/layout.ts'
import { carryToPoint, pickUp, type Carry } from './model/move.ts'
import { ZOOM_STEP, type Viewport } from './model/viewport.ts'
import { AXIS_PX } from './paint/scene.ts'

/** A press that travels less than this is a click, px. */
const DRAG_PX = 4
const WHEEL_LINE_PX = 32

interface PointerOptions {
  readonly view: ShallowRef<Viewport>
  readonly layout: Ref<BoardLayout>
  readonly carry: ShallowRef<Carry | null>
  readonly canMove: () => boolean
  readonly midnightMs: () => number
  pan(dx: number, dy: number): void
  zoom(factor: number, pointerX: number): void
  select(bar: PlacedBar | null): void
  openFold(fromMs: number): void
  lift(carry: Carry): void
  carryTo(carry: Carry): void
  drop(): void
}

interface Press {
  readonly pointerId: number
  readonly x: number
  readonly y: number
  readonly bar: PlacedBar | undefined
  lastX: number
  lastY: number
  mode: 'press' | 'pan' | 'carry'
  grabMs: number
}

/** Mouse and touch on the canvas: click selects, drag carries a bar or pans the ground, the wheel scrolls, Ctrl+wheel zooms. */
export function usePointer(options: PointerOptions) {
  let press: Press | null = null

  const local = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const toWorld = (point: { x: number; y: number }) => ({
    x: point.x + options.view.value.scrollX,
    y: point.y - AXIS_PX + options.view.value.scrollY,
  })
  const hit = (point: { x: number; y: number }) => {
    if (point.y < AXIS_PX) return undefined
    const world = toWorld(point)
    return barAt(options.layout.value, options.view.value.scale, world.x, world.y)
  }

  function onPointerdown(event: PointerEvent) {
    if (event.button !== 0) return
    const point = local(event)
    const bar = hit(point)
    press = {
      pointerId: event.pointerId,
      ...point,
      bar,
      lastX: point.x,
      lastY: point.y,
      mode: 'press',
      grabMs: bar ? options.view.value.scale.msAt(toWorld(point).x) - bar.startMs : 0,
    }
    ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
  }

  function begin(current: Press) {
    const carry = current.bar && options.canMove() ? pickUp(options.layout.value, current.bar, 'mouse') : null
    if (current.bar) options.select(current.bar)
    if (carry) options.lift(carry)
    current.mode = carry ? 'carry' : 'pan'
  }

  function onPointermove(event: PointerEvent) {
    if (!press || event.pointerId !== press.pointerId) return
    const point = local(event)
    if (press.mode === 'press' && Math.hypot(point.x - press.x, point.y - press.y) > DRAG_PX) begin(press)
    const carry = options.carry.value
    if (press.mode === 'carry') {
      if (!carry) press = null
      else {
        const { layout, view } = options
        const target = carryToPoint(
          layout.value,
          view.value.scale,
          carry,
          toWorld(point),
          press.grabMs,
          options.midnightMs(),
        )
        options.carryTo(target)
      }
      return
    }
    if (press.mode === 'pan') options.pan(press.lastX - point.x, press.lastY - point.y)
    press.lastX = point.x
    press.lastY = point.y
  }

  function onPointerup(event: PointerEvent) {
    if (!press || event.pointerId !== press.pointerId) return
    const { mode, bar } = press
    press = null
    if (mode === 'carry') options.drop()
    else if (mode === 'press') {
      const x = toWorld(local(event)).x
      const fold = options.view.value.scale.folds.find((f) => x >= f.x && x < f.x + 18)
      if (!bar && fold) options.openFold(fold.fromMs)
      else options.select(bar ?? null)
    }
  }

  function onPointercancel() {
    press = null
  }

  function onWheel(event: WheelEvent) {
    event.preventDefault()
    const unit = event.deltaMode === 1 ? WHEEL_LINE_PX : 1
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.pow(
        ZOOM_STEP,
        -Math.sign(event.deltaY) * Math.min(1, Math.abs(event.deltaY * unit) / 60),
      )
      options.zoom(factor, local(event).x)
    } else if (event.shiftKey) options.pan((event.deltaY || event.deltaX) * unit, 0)
    else options.pan(event.deltaX * unit, event.deltaY * unit)
  }

  return { hit, local, on: { onPointerdown, onPointermove, onPointerup, onPointercancel, onWheel } }
}
