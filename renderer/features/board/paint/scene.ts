import type { Palette } from '../../../ui/tokens.ts'
import type { Chain } from '../model/chain.ts'
import type { BoardLayout, PlacedBar } from '../model/layout.ts'
import type { TimeScale } from '../model/time-scale.ts'

/** Height of the time axis above the lanes, px. */
export const AXIS_PX = 40

/** Words and figures the canvas needs, already in the person's language. */
export interface SceneText {
  readonly night: string
  readonly primeTime: string
  readonly frozenUntil: string
  readonly nowTime: string
  day(ms: number): string
  hour(ms: number): string
  slack(minutes: number, late: boolean): string
}

/** Everything one frame is drawn from. Coordinates: world px minus scroll, the lanes start below the axis. */
export interface Scene {
  readonly ctx: CanvasRenderingContext2D
  readonly palette: Palette
  readonly widthPx: number
  readonly heightPx: number
  readonly scale: TimeScale
  readonly scrollX: number
  readonly scrollY: number
  readonly layout: BoardLayout
  readonly midnights: readonly number[]
  readonly nowMs: number
  readonly frozenUntilMs: number
  readonly primeBands: readonly (readonly [number, number])[]
  readonly chain: Chain | null
  readonly selectedId: string | null
  readonly selectedSessionId: string | null
  readonly matches: (bar: PlacedBar) => boolean
  readonly text: SceneText
}

export const xOf = (scene: Scene, ms: number): number => scene.scale.xAt(ms) - scene.scrollX
export const yOf = (scene: Scene, worldY: number): number => worldY - scene.scrollY + AXIS_PX

/** Crisp one-pixel lines sit on half pixels. */
export const crisp = (value: number): number => Math.round(value) + 0.5

export function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath()
  ctx.moveTo(x1, y1)
  ctx.lineTo(x2, y2)
  ctx.stroke()
}
