import { findTicks } from '../model/axis.ts'
import { GROUP_HEAD_PX } from '../model/layout.ts'
import { FOLD_PX } from '../model/time-scale.ts'
import { AXIS_PX, crisp, line, xOf, yOf, type Scene } from './scene.ts'

function paintClosedTime(scene: Scene): void {
  const { ctx, palette } = scene
  ctx.fillStyle = palette.sunken
  ctx.globalAlpha = 0.4
  for (const row of scene.layout.rows) {
    const top = yOf(scene, row.top)
    if (row.lane.open.length === 0 || top > scene.heightPx || top + row.height < AXIS_PX) continue
    let closedFrom = 0
    for (const [from, to] of row.lane.open) {
      const openX = Math.max(0, Math.min(scene.widthPx, xOf(scene, from)))
      if (openX > closedFrom) ctx.fillRect(closedFrom, top, openX - closedFrom, row.height)
      closedFrom = Math.max(closedFrom, Math.min(scene.widthPx, xOf(scene, to)))
    }
    if (closedFrom < scene.widthPx) ctx.fillRect(closedFrom, top, scene.widthPx - closedFrom, row.height)
  }
  ctx.globalAlpha = 1
}

function paintPrimeTime(scene: Scene): void {
  const { ctx, palette, layout } = scene
  const rows = layout.rows.filter((row) => row.lane.group === 'studio')
  const first = rows[0]
  const last = rows[rows.length - 1]
  if (!first || !last) return
  const top = yOf(scene, first.top)
  ctx.fillStyle = palette.prime
  for (const [from, to] of scene.primeBands) {
    const left = xOf(scene, from)
    const width = xOf(scene, to) - left
    if (left < scene.widthPx && left + width > 0)
      ctx.fillRect(left, top, width, last.top + last.height - first.top)
  }
}

function paintFrozen(scene: Scene): void {
  const { ctx, palette } = scene
  const edge = xOf(scene, scene.frozenUntilMs)
  if (edge <= 0) return
  ctx.fillStyle = palette.tent
  ctx.globalAlpha = 0.06
  ctx.fillRect(0, AXIS_PX, Math.min(edge, scene.widthPx), scene.heightPx)
  ctx.globalAlpha = 1
  ctx.strokeStyle = palette.tent
  ctx.lineWidth = 1
  if (edge < scene.widthPx) line(ctx, crisp(edge), AXIS_PX, crisp(edge), scene.heightPx)
}

function paintGrid(scene: Scene): void {
  const { ctx, palette, layout } = scene
  ctx.strokeStyle = palette.line
  ctx.lineWidth = 1
  ctx.globalAlpha = 0.7
  for (const tick of findTicks(scene.scale, scene.midnights, scene.scrollX, scene.widthPx))
    line(ctx, crisp(tick.x), AXIS_PX, crisp(tick.x), scene.heightPx)
  ctx.globalAlpha = 1
  for (const row of layout.rows) {
    const bottom = crisp(yOf(scene, row.top + row.height) - 1)
    if (bottom > AXIS_PX && bottom < scene.heightPx) line(ctx, 0, bottom, scene.widthPx, bottom)
  }
}

/** Folded nights hide whatever runs through them. */
export function paintFolds(scene: Scene): void {
  const { ctx, palette } = scene
  for (const fold of scene.scale.folds) {
    const left = Math.round(fold.x - scene.scrollX)
    if (left > scene.widthPx || left + FOLD_PX < 0) continue
    ctx.fillStyle = palette.sunken
    ctx.fillRect(left, AXIS_PX, FOLD_PX, scene.heightPx)
    ctx.fillStyle = palette.canvas
    ctx.fillRect(left + 5, AXIS_PX, FOLD_PX - 10, scene.heightPx)
    ctx.strokeStyle = palette.line2
    line(ctx, left + 0.5, AXIS_PX, left + 0.5, scene.heightPx)
    line(ctx, left + FOLD_PX - 0.5, AXIS_PX, left + FOLD_PX - 0.5, scene.heightPx)
  }
}

function paintGroupHeads(scene: Scene): void {
  const { ctx, palette } = scene
  for (const head of scene.layout.groups) {
    const top = Math.round(yOf(scene, head.top))
    if (top > scene.heightPx || top + GROUP_HEAD_PX < AXIS_PX) continue
    ctx.fillStyle = palette.canvas
    ctx.fillRect(0, top, scene.widthPx, GROUP_HEAD_PX)
    ctx.strokeStyle = palette.line
    line(ctx, 0, top + GROUP_HEAD_PX - 0.5, scene.widthPx, top + GROUP_HEAD_PX - 0.5)
    if (head.group === 'studio') paintPrimeLabels(scene, top)
  }
}

function paintPrimeLabels(scene: Scene, top: number): void {
  const { ctx, palette } = scene
  ctx.textAlign = 'center'
  for (const [from, to] of scene.primeBands) {
    const left = xOf(scene, from)
    const right = xOf(scene, to)
    if (right < 0 || left > scene.widthPx) continue
    ctx.fillStyle = palette.prime
    ctx.fillRect(left, top, right - left, GROUP_HEAD_PX - 1)
    if (right - left < ctx.measureText(scene.text.primeTime).width + 6) continue
    ctx.fillStyle = palette.risk
    ctx.fillText(scene.text.primeTime, (left + right) / 2, top + GROUP_HEAD_PX / 2)
  }
  ctx.textAlign = 'left'
}

/** Paper, closed time, prime time, the frozen shade, hour lines and group strips: everything behind the work. */
export function paintGround(scene: Scene): void {
  const { ctx, palette } = scene
  ctx.fillStyle = palette.surface
  ctx.fillRect(0, 0, scene.widthPx, scene.heightPx)
  paintClosedTime(scene)
  paintPrimeTime(scene)
  paintFrozen(scene)
  paintGrid(scene)
  paintGroupHeads(scene)
}

/** The line of the present, behind the bars. */
export function paintNowLine(scene: Scene): void {
  const x = Math.round(xOf(scene, scene.nowMs))
  if (x < 0 || x > scene.widthPx) return
  scene.ctx.fillStyle = scene.palette.accent
  scene.ctx.fillRect(x - 1, AXIS_PX, 2, scene.heightPx - AXIS_PX)
}
