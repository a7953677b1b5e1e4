import { fontStack } from '../../../ui/tokens.ts'
import { findDays, findTicks } from '../model/axis.ts'
import { FOLD_PX } from '../model/time-scale.ts'
import { AXIS_PX, line, xOf, type Scene } from './scene.ts'

const DAY_Y = 10
const HOUR_Y = 30
const TAB_WIDTH = 38

function paintFrozenLabel(scene: Scene, taken: readonly (readonly [number, number])[]): void {
  const { ctx, palette } = scene
  const edge = xOf(scene, scene.frozenUntilMs)
  if (edge <= 40 || scene.text.frozenUntil === '') return
  const width = ctx.measureText(scene.text.frozenUntil).width
  const right = Math.min(edge + 2, scene.widthPx - 8)
  const left = Math.max(right - width, 20)
  if (taken.some(([from, to]) => left - 18 < to + 8 && left + width > from - 8)) return
  ctx.fillStyle = palette.ink
  ctx.fillText(scene.text.frozenUntil, left, DAY_Y)
  ctx.strokeStyle = palette.ink2
  ctx.lineWidth = 1.5
  ctx.strokeRect(left - 14, DAY_Y - 1, 9, 6)
  ctx.beginPath()
  ctx.arc(left - 9.5, DAY_Y - 1, 3, Math.PI, 0)
  ctx.stroke()
}

function paintDays(scene: Scene): (readonly [number, number])[] {
  const { ctx, palette } = scene
  const taken: (readonly [number, number])[] = []
  ctx.font = `600 12px ${fontStack}`
  ctx.fillStyle = palette.ink
  for (const day of findDays(scene.scale, scene.midnights, scene.scrollX, scene.widthPx, 92)) {
    const text = scene.text.day(day.ms)
    const width = ctx.measureText(text).width
    ctx.fillText(text, day.x, DAY_Y)
    taken.push([day.x, day.x + width])
  }
  return taken
}

/** Days, hours, the frozen label and the tab of the present; drawn last, above everything that scrolls under it. */
export function paintAxis(scene: Scene): void {
  const { ctx, palette } = scene
  ctx.fillStyle = palette.surface
  ctx.fillRect(0, 0, scene.widthPx, AXIS_PX)
  ctx.strokeStyle = palette.line2
  ctx.lineWidth = 1
  line(ctx, 0, AXIS_PX - 0.5, scene.widthPx, AXIS_PX - 0.5)
  ctx.textBaseline = 'middle'

  const nowX = xOf(scene, scene.nowMs)
  ctx.font = `400 12px ${fontStack}`
  ctx.textAlign = 'center'
  ctx.fillStyle = palette.ink2
  for (const tick of findTicks(scene.scale, scene.midnights, scene.scrollX, scene.widthPx)) {
    if (!tick.labelled || Math.abs(tick.x - nowX) < TAB_WIDTH) continue
    ctx.fillText(scene.text.hour(tick.ms), tick.x, HOUR_Y)
  }
  for (const fold of scene.scale.folds) {
    const x = fold.x - scene.scrollX
    ctx.fillStyle = palette.sunken
    ctx.fillRect(x, 20, FOLD_PX, AXIS_PX - 20)
    ctx.fillStyle = palette.ink3
    ctx.fillText(scene.text.night, x + FOLD_PX / 2, HOUR_Y)
  }
  ctx.textAlign = 'left'
  const taken = paintDays(scene)
  ctx.font = `400 12px ${fontStack}`
  paintFrozenLabel(scene, taken)
  if (nowX >= 0 && nowX <= scene.widthPx) paintNowTab(scene, nowX)
}

function paintNowTab(scene: Scene, nowX: number): void {
  const { ctx, palette } = scene
  ctx.fillStyle = palette.accent
  ctx.beginPath()
  ctx.roundRect(Math.round(nowX) - TAB_WIDTH / 2, 21, TAB_WIDTH, 18, 3)
  ctx.fill()
  ctx.fillStyle = palette.onAccent
  ctx.font = `600 12px ${fontStack}`
  ctx.textAlign = 'center'
  ctx.fillText(scene.text.nowTime, nowX, HOUR_Y)
  ctx.textAlign = 'left'
}
