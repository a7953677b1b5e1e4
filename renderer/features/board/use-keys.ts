import type { Ref, ShallowRef } from 'vue'
import { pickedNumber } from '../../ui/keys.ts'
import type { BoardLayout, PlacedBar } from './model/layout.ts'
import { carryByKey, pickUp, type Carry } from './model/move.ts'
import { firstSelection, stepSelection, type Direction } from './model/navigate.ts'
import { ZOOM_STEP } from './model/viewport.ts'

const PAN_PX = 80
const DIRECTIONS: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}
const PAN: Record<Direction, readonly [number, number]> = {
  left: [-PAN_PX, 0],
  right: [PAN_PX, 0],
  up: [0, -PAN_PX],
  down: [0, PAN_PX],
}

interface KeyOptions {
  readonly layout: Ref<BoardLayout>
  readonly selected: Ref<PlacedBar | null>
  readonly carry: ShallowRef<Carry | null>
  readonly nowMs: () => number
  readonly midnightMs: () => number
  readonly canMove: () => boolean
  readonly viewWidth: () => number
  pan(dx: number, dy: number): void
  zoom(factor: number): void
  today(): void
  select(bar: PlacedBar | null): void
  lift(carry: Carry): void
  carryTo(carry: Carry): void
  drop(): void
  putBack(): void
  refuseLift(bar: PlacedBar): void
  pin(bar: PlacedBar): void
  pickAlternative(no: number): void
  openPanel(): void
}

/** Everything the board does from the keyboard; returns true when the key was used. */
export function useBoardKeys(options: KeyOptions) {
  function arrow(direction: Direction, shift: boolean) {
    const { layout, carry, selected } = options
    if (carry.value) {
      options.carryTo(carryByKey(layout.value, carry.value, direction, options.midnightMs()))
    } else if (shift) options.pan(...PAN[direction])
    else if (selected.value) options.select(stepSelection(layout.value, selected.value, direction))
    else options.select(firstSelection(layout.value, options.nowMs()) ?? null)
  }

  function liftSelected() {
    const bar = options.selected.value
    if (!bar || !options.canMove()) return
    const carry = pickUp(options.layout.value, bar, 'keyboard')
    if (carry) options.lift(carry)
    else options.refuseLift(bar)
  }

  function escape(): boolean {
    if (options.carry.value) options.putBack()
    else if (options.selected.value) options.select(null)
    else return false
    return true
  }

  function letter(key: string): boolean {
    const bar = options.selected.value
    if (key === 'm') liftSelected()
    else if (key === 'p' && bar && options.canMove()) options.pin(bar)
    else if (key === '+' || key === '=') options.zoom(ZOOM_STEP)
    else if (key === '-' || key === '_') options.zoom(1 / ZOOM_STEP)
    else return false
    return true
  }

  function use(event: KeyboardEvent): boolean {
    const direction = DIRECTIONS[event.key]
    const number = pickedNumber(event)
    if (direction) arrow(direction, event.shiftKey)
    else if (event.key === 'Escape') return escape()
    else if (event.key === 'Enter') {
      if (options.carry.value) options.drop()
      else options.openPanel()
    } else if (event.key === 'Home') options.today()
    else if (event.key === 'PageUp') options.pan(-options.viewWidth() * 0.8, 0)
    else if (event.key === 'PageDown') options.pan(options.viewWidth() * 0.8, 0)
    else if (number !== null && options.carry.value) options.pickAlternative(number)
    else return letter(event.key.toLowerCase())
    return true
  }

  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (!use(event)) return
    event.preventDefault()
    event.stopPropagation()
  }
}
