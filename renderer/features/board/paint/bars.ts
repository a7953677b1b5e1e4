import type { BoardItem } from '../../../../shared/contract/planning.ts'
import { fontStack, type Palette } from '../../../ui/tokens.ts'
import { fitLabel } from '../model/labels.ts'
import type { LaneGroup, PlacedBar } from '../model/layout.ts'
import { paintMark, MARK_PX, type BarMark } from './marks.ts'
import { AXIS_PX, line, xOf, yOf, type Scene } from './scene.ts'

const RADIUS = 3
const EDGE_PX = 3
const PAD_PX = 8
const MINUTE_MS = 60_000
/** Below this width a bar is a plain block: no radius, marks or text, px. */
const PLAIN_PX = 8

const ENTITY: Record<LaneGroup, { edge: keyof Palette; tint: keyof Palette }> = {
  line: { edge: 'entityLine', tint: 'entityLineBg' },
  studio: { edge: 'studio', tint: 'studioBg' },
  streamer: { edge: 'streamer', tint: 'streamerBg' },
  session: { edge: 'session', tint: 'sessionBg' },
}

const widths = new Map<string, number>()

function measureWith(ctx: CanvasRenderingContext2D): (text: string) => number {
  return (text) => {
    let width = widths.get(text)
    if (width === undefined) {
      width = ctx.measureText(text).width
      if (widths.size > 20_000) widths.clear()
      widths.set(text, width)
    }
    return width
  }
}

/** Forgets measured widths, for when the web font arrives after the first frame. */
export function forgetLabelWidths(): void {
  widths.clear()
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly height: number
}

function paintSetup(scene: Scene, bar: PlacedBar, box: Box, edge: string): void {
  const from = xOf(scene, bar.startMs - bar.item.setupMin * MINUTE_MS)
  const { ctx, palette } = scene
  ctx.fillStyle = palette.surface
  ctx.fillRect(from, box.top, box.left - from, box.height)
  ctx.strokeStyle = edge
  ctx.lineWidth = 1
  ctx.globalAlpha = 0.75
  ctx.beginPath()
  for (let x = Math.round(from) + 0.5; x < box.left; x += 4) {
    ctx.moveTo(x, box.top + 0.5)
    ctx.lineTo(x, box.top + box.height - 0.5)
  }
  ctx.stroke()
  ctx.globalAlpha = 1
}

function paintBuffer(scene: Scene, fromMs: number, toMs: number, box: Box, edge: string): void {
  const from = xOf(scene, fromMs)
  const width = xOf(scene, toMs) - from
  if (width < 2) return
  const { ctx } = scene
  ctx.strokeStyle = edge
  ctx.lineWidth = 1
  ctx.globalAlpha = 0.75
  ctx.beginPath()
  for (let y = Math.round(box.top) + 0.5; y <= box.top + box.height; y += 4) {
    ctx.moveTo(from + 1, y)
    ctx.lineTo(from + width - 1, y)
  }
  ctx.stroke()
  ctx.globalAlpha = 1
}

function hatch(ctx: CanvasRenderingContext2D, box: Box, stepPx: number): void {
  ctx.save()
  ctx.beginPath()
  ctx.rect(box.left, box.top, box.right - box.left, box.height)
  ctx.clip()
  ctx.beginPath()
  for (let x = box.left - box.height; x < box.right; x += stepPx) {
    ctx.moveTo(x, box.top + box.height)
    ctx.lineTo(x + box.height, box.top)
  }
  ctx.stroke()
  ctx.restore()
}

function paintTentative(scene: Scene, box: Box): void {
  const { ctx, palette } = scene
  ctx.fillStyle = palette.surface
  ctx.fillRect(box.left, box.top, box.right - box.left, box.height)
  ctx.strokeStyle = palette.line2
  ctx.lineWidth = 1
  hatch(ctx, box, 8)
  ctx.strokeStyle = palette.tent
  ctx.setLineDash([4, 3])
  ctx.strokeRect(box.left + 0.5, box.top + 0.5, box.right - box.left - 1, box.height - 1)
  ctx.setLineDash([])
}

function paintBody(scene: Scene, bar: PlacedBar, box: Box, group: LaneGroup, faded: boolean): void {
  const { ctx, palette } = scene
  const item = bar.item
  const width = box.right - box.left
  const edge = bar.proposed ? palette.accent : palette[ENTITY[group].edge]
  if (item.record === 'tentative' && !bar.proposed) paintTentative(scene, box)
  else {
    ctx.fillStyle = item.live
      ? palette.ink
      : faded
        ? palette.surface
        : bar.proposed
          ? palette.accentBg
          : palette[ENTITY[group].tint]
    if (width < PLAIN_PX) ctx.fillRect(box.left, box.top, Math.max(width, 1.5), box.height)
    else {
      ctx.beginPath()
      ctx.roundRect(box.left, box.top, width, box.height, RADIUS)
      ctx.fill()
    }
  }
  if (faded || bar.proposed || item.record === 'refused') {
    ctx.strokeStyle = item.record === 'refused' ? palette.late : faded ? palette.line2 : palette.accent
    ctx.lineWidth = bar.proposed && !faded ? 1.5 : 1
    ctx.beginPath()
    ctx.roundRect(box.left + 0.5, box.top + 0.5, Math.max(1, width - 1), box.height - 1, RADIUS)
    ctx.stroke()
  }
  if (!item.live) {
    ctx.fillStyle = faded ? palette.line2 : item.record === 'tentative' ? palette.tent : edge
    ctx.fillRect(box.left, box.top, Math.min(EDGE_PX, Math.max(1.5, width)), box.height)
  }
}

function marksOf(item: BoardItem): BarMark[] {
  const marks: BarMark[] = []
  if (item.pinned) marks.push('pin')
  if (item.plan === 'at-risk') marks.push('risk')
  if (item.plan === 'late') marks.push('late')
  return marks
}

function paintText(scene: Scene, bar: PlacedBar, box: Box, faded: boolean): void {
  const { ctx, palette } = scene
  const item = bar.item
  const middle = box.top + box.height / 2
  // A bar that begins left of the view keeps its name at the view's edge.
  let x = Math.max(box.left + PAD_PX, 4)
  const end =
    item.record === 'local'
      ? 'laptop'
      : item.record === 'pending' || item.lease === 'untold'
        ? 'pending'
        : null
  let right = Math.min(box.right, scene.widthPx) - 4
  if (end && right - x > MARK_PX + 20) {
    right -= MARK_PX + 2
    paintMark(ctx, palette, end, right, middle)
  }
  for (const mark of marksOf(item)) {
    if (right - x < MARK_PX - 2) break
    paintMark(ctx, palette, mark, x, middle)
    x += MARK_PX + 3
  }
  const label = fitLabel(item.label, item.shortLabel, right - x, measureWith(ctx))
  if (label === '') return
  if (item.record === 'tentative' && !bar.proposed) {
    ctx.fillStyle = palette.surface
    ctx.fillRect(x - 2, middle - 9, (widths.get(label) ?? 0) + 4, 18)
  }
  const muted = faded || (item.progress === 'done' && !item.live)
  ctx.fillStyle = item.live ? palette.surface : muted ? palette.ink3 : palette.ink
  ctx.fillText(label, x, middle + 0.5)
}

function outline(scene: Scene, box: Box, strong: boolean): void {
  const { ctx, palette } = scene
  ctx.strokeStyle = palette.accent
  ctx.lineWidth = 2
  const grow = strong ? 1 : 0
  ctx.beginPath()
  ctx.roundRect(
    box.left - grow,
    box.top - grow,
    Math.max(4, box.right - box.left) + 2 * grow,
    box.height + 2 * grow,
    RADIUS + grow,
  )
  ctx.stroke()
}

function paintBar(scene: Scene, bar: PlacedBar, group: LaneGroup): void {
  const { item } = bar
  const left = xOf(scene, bar.startMs)
  const right = xOf(scene, bar.endMs)
  const reachLeft = xOf(scene, bar.startMs - Math.max(item.setupMin, item.beforeMin) * MINUTE_MS)
  const reachRight = xOf(scene, bar.endMs + item.afterMin * MINUTE_MS)
  if (reachRight < 0 || reachLeft > scene.widthPx) return
  const box = { left, right, top: Math.round(yOf(scene, bar.top)), height: bar.height }
  const faded = !scene.matches(bar)
  const edge = bar.proposed ? scene.palette.accent : scene.palette[ENTITY[group].edge]
  if (item.setupMin > 0) paintSetup(scene, bar, box, edge)
  if (item.beforeMin > 0) paintBuffer(scene, bar.startMs - item.beforeMin * MINUTE_MS, bar.startMs, box, edge)
  if (item.afterMin > 0) paintBuffer(scene, bar.endMs, bar.endMs + item.afterMin * MINUTE_MS, box, edge)
  paintBody(scene, bar, box, group, faded)
  if (right - left >= PLAIN_PX) paintText(scene, bar, box, faded)
  if (scene.selectedSessionId !== null && item.sessionId === scene.selectedSessionId)
    outline(scene, box, bar.id === scene.selectedId)
  else if (bar.id === scene.selectedId) outline(scene, box, true)
}

function paintFlag(scene: Scene, x: number, top: number, height: number, colour: string): void {
  const { ctx } = scene
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.lineWidth = 1.5
  line(ctx, x, top - 2, x, top + height)
  ctx.beginPath()
  ctx.moveTo(x, top - 2)
  ctx.lineTo(x + 9, top + 2)
  ctx.lineTo(x, top + 6)
  ctx.fill()
}

/** A session from first step to pick-up, with its promise flag and, past it, the overrun. */
function paintSpan(scene: Scene, bar: PlacedBar, promiseMs: number | null): void {
  const { ctx, palette } = scene
  const left = xOf(scene, bar.startMs)
  const right = xOf(scene, bar.endMs)
  const flagX = promiseMs === null ? null : xOf(scene, promiseMs)
  const top = Math.round(yOf(scene, bar.top))
  const y = top + bar.height / 2
  const late = flagX !== null && right > flagX + 0.5
  if (flagX !== null && flagX > -12 && flagX < scene.widthPx)
    paintFlag(scene, flagX, top, bar.height, late ? palette.late : palette.ink3)
  if (right < 0 || left > scene.widthPx) return
  const faded = !scene.matches(bar)
  const selected = bar.id === scene.selectedId
  ctx.strokeStyle = selected ? palette.accent : faded ? palette.line2 : palette.session
  ctx.lineWidth = 2
  const tentative = bar.item.record === 'tentative'
  if (tentative) ctx.setLineDash([5, 4])
  line(ctx, left, y, late && flagX !== null ? Math.max(left, flagX) : right, y)
  ctx.setLineDash([])
  line(ctx, left, y - 5, left, y + 5)
  if (late && flagX !== null) {
    ctx.strokeStyle = palette.late
    hatch(ctx, { left: Math.max(left, flagX), right, top: y - 4, height: 9 }, 4)
  } else {
    ctx.fillStyle = palette.surface
    ctx.beginPath()
    ctx.arc(right, y, 4, 0, 2 * Math.PI)
    ctx.fill()
    if (tentative) ctx.setLineDash([2, 2])
    ctx.stroke()
    ctx.setLineDash([])
  }
}

/** All bars in view, lane by lane. */
export function paintBars(scene: Scene): void {
  const { ctx } = scene
  ctx.font = `400 12px ${fontStack}`
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  for (const row of scene.layout.rows) {
    const top = yOf(scene, row.top)
    if (top > scene.heightPx || top + row.height < AXIS_PX) continue
    for (const bar of row.bars) {
      if (bar.form === 'span') paintSpan(scene, bar, row.lane.promiseMs)
      else paintBar(scene, bar, row.lane.group)
    }
  }
}
